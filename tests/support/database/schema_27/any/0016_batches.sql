-- Batches as they were rebuilt from the readings. They have no retention: the readings end after 90 days.
-- Statement triggers note which stations' days were touched, whoever wrote; who rebuilds takes them from there.
CREATE TABLE batches_touched (
    device_id text        NOT NULL,
    day       date        NOT NULL,  -- UTC
    since     timestamptz NOT NULL,
    until     timestamptz NOT NULL,
    touches   bigint      NOT NULL DEFAULT 1,
    PRIMARY KEY (device_id, day)
) WITH (fillfactor = 50);

CREATE FUNCTION touch_batches() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO batches_touched AS t (device_id, day, since, until)
    SELECT device_id, (time AT TIME ZONE 'UTC')::date, min(time), max(time)
      FROM new_rows GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (device_id, day) DO UPDATE
       SET since = least(t.since, excluded.since), until = greatest(t.until, excluded.until),
           touches = t.touches + 1;
    RETURN NULL;
END $$;

CREATE TRIGGER touch_batches AFTER INSERT ON dosing_consumption
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION touch_batches();
CREATE TRIGGER touch_batches AFTER INSERT ON batch_events
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION touch_batches();
CREATE TRIGGER touch_batches AFTER INSERT ON inventory_levels
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION touch_batches();

-- Readings that were there before: by their events, and by the sums of the doses, which are faster than the doses.
INSERT INTO batches_touched (device_id, day, since, until)
SELECT device_id, (at AT TIME ZONE 'UTC')::date, min(at), max(at)
  FROM (SELECT device_id, time AS at FROM batch_events
         UNION ALL
        SELECT device_id, bucket FROM dosing_15m
         UNION ALL
        SELECT device_id, bucket + INTERVAL '15 minutes' FROM dosing_15m) AS known
 GROUP BY 1, 2;

-- A batch's number of its station's day, for people: given once, never to another batch.
CREATE TABLE batch_numbers (
    batch_key text    PRIMARY KEY,
    device_id text    NOT NULL,
    day       date    NOT NULL,  -- the plant's
    number    integer NOT NULL,
    UNIQUE (device_id, day, number)
);

-- What lists and filters look at; the last seven columns are kept by the reviews.
CREATE TABLE batches (
    batch_key      text             PRIMARY KEY,
    batch_id       text             NOT NULL,
    device_id      text             NOT NULL,
    recipe         text             NOT NULL,
    mode           text             NOT NULL,
    status         text             NOT NULL,
    reason         text             NOT NULL,
    begins_at      timestamptz      NOT NULL,
    ends_at        timestamptz,
    last_at        timestamptz      NOT NULL,
    anchored_at    timestamptz      NOT NULL,
    anchor         text             NOT NULL,
    pumps          integer,
    doses          integer          NOT NULL,
    target_g       double precision,
    actual_g       double precision,
    findings       integer          NOT NULL,
    finding_kinds  text[]           NOT NULL,
    recipe_version integer,
    record_hash    text             NOT NULL,
    judgement_hash text             NOT NULL,
    gone           boolean          NOT NULL DEFAULT false,  -- reviewed, and now part of another batch
    last_review    bigint           NOT NULL DEFAULT 0,
    disposition    text             NOT NULL DEFAULT '',
    disposed_by    text             NOT NULL DEFAULT '',
    disposed_at    timestamptz,
    reviewed_hash  text,
    review_state   text             NOT NULL GENERATED ALWAYS AS (
        CASE WHEN disposition = '' THEN 'unreviewed'
             WHEN gone OR reviewed_hash <> record_hash THEN 'outdated'
             ELSE disposition
         END) STORED
) WITH (fillfactor = 80);
CREATE INDEX batches_time        ON batches (begins_at DESC, batch_key DESC);
CREATE INDEX batches_id          ON batches (batch_id);
CREATE INDEX batches_station     ON batches (device_id, anchored_at);
CREATE INDEX batches_recipe      ON batches (recipe, begins_at DESC, batch_key DESC);
CREATE INDEX batches_under_way   ON batches (last_at) WHERE ends_at IS NULL;
CREATE INDEX batches_unreviewed  ON batches (begins_at DESC, batch_key DESC) WHERE review_state IN ('unreviewed', 'outdated');
CREATE INDEX batches_exceptional ON batches (begins_at DESC, batch_key DESC) WHERE findings > 0;

-- The whole of each batch, as canonical JSON: its facts, and what is thought of them.
CREATE TABLE batch_records (
    batch_key text PRIMARY KEY REFERENCES batches ON DELETE CASCADE,
    record    text NOT NULL,
    judgement text NOT NULL
);

-- Who may read doses may read batches; who may store doses may keep batches.
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
        EXECUTE format('GRANT SELECT ON public.batches, public.batch_records, public.batch_numbers,'
            ' public.batches_touched TO %s', g.grantee);
        IF g.privilege_type = 'INSERT' THEN
            EXECUTE format('GRANT INSERT ON public.batch_numbers TO %s', g.grantee);
            EXECUTE format('GRANT INSERT, UPDATE, DELETE ON public.batches, public.batch_records,'
                ' public.batches_touched TO %s', g.grantee);
        END IF;
    END LOOP;
END $$;
