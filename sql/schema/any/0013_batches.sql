-- Batches as reconstructed from the readings, kept for good: readings end after 90 days.

-- Days of stations whose batches have to be reconstructed. Statement triggers add them, whoever wrote.
CREATE TABLE batch_rebuild_queue (
    device_id text        NOT NULL,
    day       date        NOT NULL,  -- UTC
    since     timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    touches   bigint      NOT NULL DEFAULT 1,
    PRIMARY KEY (device_id, day)
) WITH (fillfactor = 50);

CREATE FUNCTION queue_batch_rebuild() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO batch_rebuild_queue AS t (device_id, day, since, until)
    SELECT device_id, (time AT TIME ZONE 'UTC')::date, min(time), max(time)
      FROM new_rows GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (device_id, day) DO UPDATE
       SET since = least(t.since, excluded.since), until = greatest(t.until, excluded.until),
           touches = t.touches + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER queue_batch_rebuild AFTER INSERT ON dosing_consumption
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION queue_batch_rebuild();
CREATE TRIGGER queue_batch_rebuild AFTER INSERT ON batch_events
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION queue_batch_rebuild();
CREATE TRIGGER queue_batch_rebuild AFTER INSERT ON inventory_levels
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION queue_batch_rebuild();

-- A batch's number on its station's day, for people: assigned once, never reused.
CREATE TABLE batch_numbers (
    batch_key text    PRIMARY KEY,
    device_id text    NOT NULL,
    day       date    NOT NULL,  -- in the plant's time zone
    number    integer NOT NULL,
    UNIQUE (device_id, day, number)
);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON batch_numbers
    FOR EACH STATEMENT EXECUTE FUNCTION reject_update_or_delete();

-- The columns of lists and filters. Reviews keep last_review, disposition to reviewed_hash, and the last four.
CREATE TABLE batches (
    batch_key          text             PRIMARY KEY,
    batch_id           text             NOT NULL,
    device_id          text             NOT NULL,
    recipe             text             NOT NULL,
    mode               text             NOT NULL,
    status             text             NOT NULL,
    reason             text             NOT NULL,
    begins_at          timestamptz      NOT NULL,
    ends_at            timestamptz,
    last_at            timestamptz      NOT NULL,
    anchored_at        timestamptz      NOT NULL,
    anchor             text             NOT NULL,
    pumps              integer,
    doses              integer          NOT NULL,
    target_g           double precision,
    actual_g           double precision,
    findings           integer          NOT NULL,
    finding_kinds      text[]           NOT NULL,
    recipe_version     integer,
    record_hash        text             NOT NULL,
    judgement_hash     text             NOT NULL,
    gone               boolean          NOT NULL DEFAULT false,  -- reviewed, and now part of another batch
    last_review        bigint           NOT NULL DEFAULT 0,
    disposition        text             NOT NULL DEFAULT '',
    disposed_by        text             NOT NULL DEFAULT '',
    disposed_at        timestamptz,
    reviewed_hash      text,
    reviewed_judgement text,
    confirmed_by       text             NOT NULL DEFAULT '',
    confirmed_at       timestamptz,
    review_state       text             NOT NULL GENERATED ALWAYS AS (
        CASE WHEN disposition = '' THEN 'unreviewed'
             WHEN gone OR reviewed_hash <> record_hash OR reviewed_judgement <> judgement_hash THEN 'outdated'
             WHEN confirmed_by = '' THEN disposition
             WHEN disposition = 'approved with deviation' THEN 'confirmed with deviation'
             ELSE 'confirmed'
         END) STORED
) WITH (fillfactor = 80);
CREATE INDEX batches_time        ON batches (begins_at DESC, batch_key DESC);
CREATE INDEX batches_id          ON batches (batch_id);
CREATE INDEX batches_station     ON batches (device_id, anchored_at);
CREATE INDEX batches_recipe      ON batches (recipe, begins_at DESC, batch_key DESC);
CREATE INDEX batches_running     ON batches (last_at) WHERE ends_at IS NULL;
CREATE INDEX batches_exceptional ON batches (begins_at DESC, batch_key DESC) WHERE findings > 0;
CREATE INDEX batches_unreviewed  ON batches (begins_at DESC, batch_key DESC)
    WHERE review_state IN ('unreviewed', 'outdated', 'needs information');

-- The whole of each batch as canonical JSON: the record and its assessment.
CREATE TABLE batch_records (
    batch_key text PRIMARY KEY REFERENCES batches ON DELETE CASCADE,
    record    text NOT NULL,
    judgement text NOT NULL
);

-- An alarm that was active during a batch is an exception of it: alarm events queue the batches of their station
-- around that time, or those of all stations for an alarm of the whole plant.
CREATE FUNCTION queue_batch_rebuild_by_alarms() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO batch_rebuild_queue AS t (device_id, day, since, until)
    SELECT s.device_id, (n.at AT TIME ZONE 'UTC')::date, min(n.at), max(n.at)
      FROM new_rows AS n
     CROSS JOIN LATERAL (SELECT n.device_id WHERE n.device_id <> ''
                          UNION
                         SELECT b.device_id FROM batches AS b
                          WHERE n.device_id = '' AND b.begins_at >= n.at - INTERVAL '1 day'
                            AND b.begins_at < n.at + INTERVAL '1 day') AS s
     WHERE n.event IN ('raise', 'return', 'unshelve', 'expire', 'release', 'return to service')
       AND n.priority <> 'diagnostic'
     GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (device_id, day) DO UPDATE
       SET since = least(t.since, excluded.since), until = greatest(t.until, excluded.until),
           touches = t.touches + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER queue_batch_rebuild AFTER INSERT ON alarm_journal
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION queue_batch_rebuild_by_alarms();

-- Usual durations of the batches of a recipe and of their doses, learned from its newest complete batches. A batch is
-- judged by the baseline valid at its start: rows are only added, so a reconstructed batch is judged as before.
-- The row of recipe '' is the time of the last learning run, also where nothing could be learned.
CREATE TABLE batch_duration_baselines (
    recipe     text             NOT NULL,
    mode       text             NOT NULL,
    chemical   text             NOT NULL,  -- '' is the whole batch
    valid_from timestamptz      NOT NULL,
    low_s      double precision NOT NULL,
    high_s     double precision NOT NULL,
    batches    integer          NOT NULL,  -- number of batches it was learned from
    PRIMARY KEY (recipe, mode, chemical, valid_from)
);
CREATE INDEX batch_duration_baselines_time ON batch_duration_baselines (valid_from);

SELECT copy_dose_grants(
    'public.batches, public.batch_records, public.batch_numbers, public.batch_rebuild_queue,'
    ' public.batch_duration_baselines',
    'INSERT ON public.batch_numbers, public.batch_duration_baselines',
    'INSERT, UPDATE, DELETE ON public.batches, public.batch_records, public.batch_rebuild_queue'
);
