-- What retention has dropped is known, not inferred from what is left: of each table the parts (weeks, chunks) that hold rows,
-- and the times of those that are gone, whoever dropped them. Rows of such times may have been counted already: none is stored
-- again. Batches of such times are not rebuilt.
LOCK TABLE dosing_consumption, batch_events, inventory_levels IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE reading_parts (
    table_name text      NOT NULL,
    part       text      NOT NULL,
    span       tstzrange NOT NULL,
    PRIMARY KEY (table_name, part)
);
-- 'sums': the rollups; what is older than the oldest that is kept.
CREATE TABLE dropped_readings (
    table_name text           PRIMARY KEY,
    spans      tstzmultirange NOT NULL
);
INSERT INTO dropped_readings VALUES ('batch_events', '{}'), ('dosing_consumption', '{}'), ('inventory_levels', '{}'), ('sums', '{}');

-- Notes the parts that are new, and those that are gone. Called by all that drops rows, and before what depends on it.
CREATE FUNCTION note_dropped_readings() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    of_table text;
BEGIN
    FOREACH of_table IN ARRAY ARRAY['batch_events', 'dosing_consumption', 'inventory_levels'] LOOP
        WITH parts AS MATERIALIZED (
            SELECT p.part, p.span FROM list_reading_parts(of_table) AS p
        ), made AS (
            INSERT INTO reading_parts (table_name, part, span)
            SELECT of_table, p.part, p.span FROM parts AS p
             WHERE NOT EXISTS (SELECT FROM reading_parts AS r WHERE r.table_name = of_table AND r.part = p.part)
             ORDER BY p.part
                ON CONFLICT DO NOTHING
        ), gone AS (
            DELETE FROM reading_parts AS r
             WHERE r.table_name = of_table AND NOT EXISTS (SELECT FROM parts AS p WHERE p.part = r.part)
            RETURNING r.span
        )
        UPDATE dropped_readings AS d
           SET spans = d.spans + g.spans
          FROM (SELECT range_agg(span) AS spans FROM gone) AS g
         WHERE d.table_name = of_table AND g.spans IS NOT NULL;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION list_reading_parts(text), note_dropped_readings() FROM PUBLIC;

-- Refuses readings of dropped times, of any writer. Readings of the last month are younger than every retention.
CREATE FUNCTION refuse_dropped_readings() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    dropped timestamptz;
BEGIN
    IF EXISTS (SELECT FROM new_rows AS n WHERE n.time < now() - INTERVAL '30 days') THEN
        PERFORM note_dropped_readings();
        SELECT min(n.time) INTO dropped
          FROM new_rows AS n
          JOIN dropped_readings AS d ON d.table_name = TG_TABLE_NAME AND n.time <@ d.spans;
        IF dropped IS NOT NULL THEN
            RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'reading_not_dropped',
                MESSAGE = 'retention has dropped the readings of this time: it may have been counted already';
        END IF;
    END IF;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION refuse_dropped_readings() FROM PUBLIC;
CREATE TRIGGER refuse_dropped_readings AFTER INSERT ON dosing_consumption
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refuse_dropped_readings();
CREATE TRIGGER refuse_dropped_readings AFTER INSERT ON batch_events
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refuse_dropped_readings();
CREATE TRIGGER refuse_dropped_readings AFTER INSERT ON inventory_levels
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION refuse_dropped_readings();

-- The ingest views keep such rows with the reason, and store the others.
CREATE OR REPLACE FUNCTION store_collected() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    oldest timestamptz;
BEGIN
    EXECUTE format('SELECT min(time) FROM %I', TG_ARGV[1]) INTO oldest;
    IF oldest < now() - INTERVAL '30 days' THEN
        PERFORM note_dropped_readings();
        EXECUTE format('WITH dropped AS (DELETE FROM %1$I AS c USING dropped_readings AS d'
                       ' WHERE d.table_name = %2$L AND c.time <@ d.spans RETURNING to_jsonb(c) AS row_values)'
                       ' SELECT count(reject_ingested(%3$L, row_values, %4$L)::text) FROM dropped',
                       TG_ARGV[1], TG_ARGV[0], TG_TABLE_NAME,
                       'retention has dropped the readings of this time: it may have been counted already');
    END IF;
    EXECUTE format('INSERT INTO %1$I (%3$s) SELECT %3$s FROM %2$I ORDER BY device_id, time ON CONFLICT DO NOTHING',
                   TG_ARGV[0], TG_ARGV[1], TG_ARGV[2]);
    EXECUTE format('DELETE FROM %I', TG_ARGV[1]);
    RETURN NULL;
END $$;

-- What was dropped before this was noted: times before the oldest dose that have sums, before the oldest event that have batches.
UPDATE dropped_readings AS d
   SET spans = tstzmultirange(tstzrange(e.since, e.until))
  FROM (SELECT 'dosing_consumption' AS table_name,
               date_bin('168 hours', least((SELECT min(bucket) FROM dosing_rollup_6h WHERE doses > 0),
                                           (SELECT min(begins_at) FROM batches WHERE doses > 0)),
                        '2000-01-03 00:00:00+00') AS since,
               coalesce(date_bin('168 hours', (SELECT min(time) FROM dosing_consumption), '2000-01-03 00:00:00+00'), now()) AS until
         UNION ALL
        SELECT 'batch_events', date_bin('168 hours', (SELECT min(begins_at) FROM batches), '2000-01-03 00:00:00+00'),
               date_bin('168 hours', (SELECT min(time) FROM batch_events), '2000-01-03 00:00:00+00')) AS e
 WHERE d.table_name = e.table_name AND e.since < e.until;
-- Sums: where the oldest are as old as they are kept, older ones were deleted.
UPDATE dropped_readings AS d
   SET spans = tstzmultirange(tstzrange(NULL, o.bucket))
  FROM data_retention AS r
 CROSS JOIN LATERAL (SELECT min(bucket) AS bucket FROM dosing_rollup_15m) AS o
 WHERE d.table_name = 'sums' AND r.table_name = 'sums'
   AND o.bucket < now() - make_interval(days => r.keep_days) + INTERVAL '1 day';
SELECT note_dropped_readings();

SELECT copy_dose_grants('public.dropped_readings, public.reading_parts',
                        'EXECUTE ON FUNCTION public.note_dropped_readings()');
