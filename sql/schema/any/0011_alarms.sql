-- Alarm journal: one row for each alarm event, append-only, kept for good. The state of an alarm is the result of its
-- rows in the order of id. The server sets recorded_at and db_role: no role may insert into these columns. os_user is
-- the account of the process that wrote the row.
CREATE TABLE alarm_journal (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid         uuid        NOT NULL UNIQUE,  -- from the writer: a row that is sent twice is stored once
    site         text        NOT NULL,
    rule         text        NOT NULL,
    device_id    text        NOT NULL DEFAULT '',
    item         text        NOT NULL DEFAULT '',
    event        text        NOT NULL,
    at           timestamptz NOT NULL,
    received_at  timestamptz NOT NULL,
    recorded_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    priority     text        NOT NULL,
    rule_version integer     NOT NULL,
    message      text        NOT NULL DEFAULT '',
    value        double precision,
    limit_value  double precision,
    latching     boolean     NOT NULL DEFAULT false,
    active       boolean     NOT NULL DEFAULT false,
    occurrence   uuid,
    until        timestamptz,
    author       text        NOT NULL DEFAULT '',
    os_user      text        NOT NULL DEFAULT '',
    db_role      text        NOT NULL DEFAULT session_user,
    comment      text        NOT NULL DEFAULT '',
    -- entered while the database was unreachable: db_role is the collector's, not the operator's
    offline      boolean     NOT NULL DEFAULT false,
    CONSTRAINT alarm_event_known CHECK (event IN ('raise', 'return', 'acknowledge', 'reset', 're-alarm', 'escalate',
        'shelve', 'unshelve', 'expire', 'suppress', 'release', 'remove from service', 'return to service')),
    CONSTRAINT alarm_priority_known CHECK (priority IN ('high', 'medium', 'low', 'diagnostic')),
    CONSTRAINT alarm_time_sane CHECK (at >= '2020-01-01 00:00:00+00' AND at < '2100-01-01 00:00:00+00'),
    CONSTRAINT alarm_text_short CHECK (octet_length(site) <= 512 AND octet_length(rule) <= 512
        AND octet_length(device_id) <= 512 AND octet_length(item) <= 512 AND octet_length(author) <= 512
        AND octet_length(os_user) <= 512 AND octet_length(message) <= 2048 AND octet_length(comment) <= 2048)
);
CREATE INDEX alarm_journal_site ON alarm_journal (site, id);
CREATE INDEX alarm_journal_page ON alarm_journal (site, at, id);
CREATE INDEX alarm_journal_tag  ON alarm_journal (rule, device_id, item, id);

-- Ids become visible in their order: a reader at one id has not missed a lower one that commits later.
CREATE FUNCTION alarm_journal_assign_order() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7233179128203636);
    RETURN NULL;
END $$;
CREATE TRIGGER assign_order BEFORE INSERT ON alarm_journal
    FOR EACH STATEMENT EXECUTE FUNCTION alarm_journal_assign_order();

CREATE FUNCTION alarm_journal_notify() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('alarm_journal', '');
    RETURN NULL;
END $$;
CREATE TRIGGER notify_listeners AFTER INSERT ON alarm_journal
    FOR EACH STATEMENT EXECUTE FUNCTION alarm_journal_notify();

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON alarm_journal
    FOR EACH STATEMENT EXECUTE FUNCTION reject_update_or_delete();

SELECT copy_dose_grants('public.alarm_journal',
    'INSERT (uuid, site, rule, device_id, item, event, at, received_at, priority, rule_version, message, value,'
    ' limit_value, latching, active, occurrence, until, author, os_user, comment, offline) ON public.alarm_journal');

-- The state of a site's alarms at one row of the journal, for each reader (alarm rules, notifications): a start
-- continues from there. The journal is the truth: a checkpoint of another version is ignored and made anew.
CREATE TABLE alarm_checkpoints (
    site    text        NOT NULL,
    last_id bigint      NOT NULL,
    fold    integer     NOT NULL,
    known   text        NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    reader  text        NOT NULL DEFAULT 'alarms',
    PRIMARY KEY (site, reader),
    CONSTRAINT alarm_checkpoint_short CHECK (octet_length(site) <= 512),
    CONSTRAINT alarm_checkpoint_reader_short CHECK (octet_length(reader) <= 32)
);

SELECT copy_dose_grants('public.alarm_checkpoints',
    'INSERT (site, last_id, fold, known, reader), UPDATE (last_id, fold, known, made_at) ON public.alarm_checkpoints');
