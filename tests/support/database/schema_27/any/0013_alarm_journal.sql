-- What became of every alarm: one row for each event, added and never changed. An alarm's state is what its rows,
-- in the order of id, make of it. recorded_at and db_role are the server's own words, because nobody is given the
-- right to insert into these columns; os_user is the process's account as it says itself. No retention.
CREATE TABLE alarm_journal (
    id           bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    uuid         uuid        NOT NULL UNIQUE,  -- made by the writer: a row that is sent twice is one
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
    CONSTRAINT alarm_event_known CHECK (event IN ('raise', 'return', 'acknowledge', 'reset', 're-alarm', 'escalate',
        'shelve', 'unshelve', 'expire', 'suppress', 'release', 'remove from service', 'return to service')),
    CONSTRAINT alarm_priority_known CHECK (priority IN ('high', 'medium', 'low', 'diagnostic')),
    CONSTRAINT alarm_time_sane CHECK (at >= '2020-01-01 00:00:00+00' AND at < '2100-01-01 00:00:00+00'),
    CONSTRAINT alarm_text_short CHECK (octet_length(site) <= 512 AND octet_length(rule) <= 512
        AND octet_length(device_id) <= 512 AND octet_length(item) <= 512 AND octet_length(author) <= 512
        AND octet_length(os_user) <= 512 AND octet_length(message) <= 2048 AND octet_length(comment) <= 2048)
);
CREATE INDEX alarm_journal_site ON alarm_journal (site, id);
CREATE INDEX alarm_journal_time ON alarm_journal (site, at DESC);
CREATE INDEX alarm_journal_tag  ON alarm_journal (rule, device_id, item, id);

-- Ids appear in their order: who has read up to one has not missed a lower one that was committed later.
CREATE FUNCTION alarm_journal_in_order() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(7233179128203636);
    RETURN NULL;
END $$;
CREATE TRIGGER in_order BEFORE INSERT ON alarm_journal
    FOR EACH STATEMENT EXECUTE FUNCTION alarm_journal_in_order();

CREATE FUNCTION alarm_journal_tell() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    PERFORM pg_notify('alarm_journal', '');
    RETURN NULL;
END $$;
CREATE TRIGGER tell AFTER INSERT ON alarm_journal
    FOR EACH STATEMENT EXECUTE FUNCTION alarm_journal_tell();

CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON alarm_journal
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Who may read doses may read the journal; who may store doses may add to it.
DO $$
DECLARE
    g record;
BEGIN
    FOR g IN
        SELECT DISTINCT x.privilege_type, coalesce(quote_ident(r.rolname), 'PUBLIC') AS grantee
          FROM pg_class AS c
          CROSS JOIN LATERAL aclexplode(c.relacl) AS x
          LEFT JOIN pg_roles AS r ON r.oid = x.grantee
         WHERE c.oid = 'public.dosing_consumption'::regclass AND x.privilege_type IN ('SELECT', 'INSERT')
           AND x.grantee <> c.relowner AND (r.rolname IS NOT NULL OR x.grantee = 0)
    LOOP
        EXECUTE format('GRANT SELECT ON public.alarm_journal TO %s', g.grantee);
        IF g.privilege_type = 'INSERT' THEN
            EXECUTE format('GRANT INSERT (uuid, site, rule, device_id, item, event, at, received_at, priority,'
                ' rule_version, message, value, limit_value, latching, active, occurrence, until, author, os_user,'
                ' comment) ON public.alarm_journal TO %s', g.grantee);
        END IF;
    END LOOP;
END $$;
