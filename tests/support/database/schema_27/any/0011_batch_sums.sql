-- How many batches each station completed and aborted, per 15 minutes and per hour (UTC), kept by a statement
-- trigger for every writer, so that months of them are counted at once and outlive the events. An end is counted
-- the first time it is told: another message of the same station, moment, event and recipe tells the same end.
CREATE TABLE batch_ends_15m (
    bucket    timestamptz NOT NULL,
    device_id text        NOT NULL,
    recipe    text        NOT NULL,
    completed bigint      NOT NULL,
    aborted   bigint      NOT NULL,
    PRIMARY KEY (bucket, device_id, recipe)
) WITH (fillfactor = 70);

CREATE TABLE batch_ends_1h (
    bucket    timestamptz NOT NULL,
    device_id text        NOT NULL,
    recipe    text        NOT NULL,
    completed bigint      NOT NULL,
    aborted   bigint      NOT NULL,
    PRIMARY KEY (bucket, device_id, recipe)
) WITH (fillfactor = 70);

-- no event may come between the counting and the trigger
LOCK TABLE batch_events IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO batch_ends_15m
SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00'), device_id, recipe,
       count(*) FILTER (WHERE event = 'complete'), count(*) FILTER (WHERE event = 'abort')
  FROM (SELECT DISTINCT device_id, time, event, recipe FROM batch_events WHERE event IN ('complete', 'abort')) AS told
 GROUP BY 1, 2, 3;

INSERT INTO batch_ends_1h
SELECT date_bin('1 hour', bucket, '2000-01-01 00:00:00+00'), device_id, recipe, sum(completed), sum(aborted)
  FROM batch_ends_15m
 GROUP BY 1, 2, 3;

-- Two writers that tell the same end at the same time see each other's: keep_last_seen, which by its name comes
-- first, lets one wait for the other's row of the station.
CREATE FUNCTION roll_up_batches() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM new_rows WHERE event IN ('complete', 'abort')) THEN
        RETURN NULL;
    END IF;
    WITH told AS (
        SELECT device_id, time, event, recipe, count(*) AS times
          FROM new_rows
         WHERE event IN ('complete', 'abort')
         GROUP BY 1, 2, 3, 4
    ), news AS MATERIALIZED (
        SELECT device_id, time, event, recipe
          FROM told AS t
         WHERE times = (SELECT count(*)
                          FROM batch_events AS b
                         WHERE b.device_id = t.device_id AND b.time = t.time
                           AND b.event = t.event AND b.recipe = t.recipe)
    ), quarters AS (
        INSERT INTO batch_ends_15m AS r
        SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00'), device_id, recipe,
               count(*) FILTER (WHERE event = 'complete'), count(*) FILTER (WHERE event = 'abort')
          FROM news GROUP BY 1, 2, 3
        ON CONFLICT (bucket, device_id, recipe) DO UPDATE
           SET completed = r.completed + excluded.completed, aborted = r.aborted + excluded.aborted
    )
    INSERT INTO batch_ends_1h AS r
    SELECT date_bin('1 hour', time, '2000-01-01 00:00:00+00'), device_id, recipe,
           count(*) FILTER (WHERE event = 'complete'), count(*) FILTER (WHERE event = 'abort')
      FROM news GROUP BY 1, 2, 3
    ON CONFLICT (bucket, device_id, recipe) DO UPDATE
       SET completed = r.completed + excluded.completed, aborted = r.aborted + excluded.aborted;
    RETURN NULL;
END $$;

CREATE TRIGGER roll_up_batches AFTER INSERT ON batch_events
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION roll_up_batches();

-- The batches that ended in exactly [since, until): whole steps (15 minutes or an hour), and event by event what
-- is left at both ends.
CREATE FUNCTION batch_ends(since timestamptz, until timestamptz, step interval)
RETURNS TABLE (at timestamptz, device_id text, recipe text, completed bigint, aborted bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT r.bucket, r.device_id, r.recipe, r.completed, r.aborted
  FROM public.batch_ends_1h AS r
 WHERE step >= INTERVAL '1 hour'
   AND r.bucket >= date_bin('1 hour', since + INTERVAL '1 hour' - INTERVAL '1 microsecond', '2000-01-01 00:00:00+00')
   AND r.bucket < date_bin('1 hour', until, '2000-01-01 00:00:00+00')
 UNION ALL
SELECT r.bucket, r.device_id, r.recipe, r.completed, r.aborted
  FROM public.batch_ends_15m AS r
 WHERE step < INTERVAL '1 hour'
   AND r.bucket >= date_bin('15 minutes', since + INTERVAL '15 minutes' - INTERVAL '1 microsecond',
                            '2000-01-01 00:00:00+00')
   AND r.bucket < date_bin('15 minutes', until, '2000-01-01 00:00:00+00')
 UNION ALL
(SELECT DISTINCT e.time, e.device_id, e.recipe, (e.event = 'complete')::int::bigint, (e.event = 'abort')::int::bigint
  FROM public.batch_events AS e
 WHERE e.event IN ('complete', 'abort')
   AND e.time >= since
   AND e.time < least(date_bin(step, since + step - INTERVAL '1 microsecond', '2000-01-01 00:00:00+00'), until))
 UNION ALL
(SELECT DISTINCT e.time, e.device_id, e.recipe, (e.event = 'complete')::int::bigint, (e.event = 'abort')::int::bigint
  FROM public.batch_events AS e
 WHERE e.event IN ('complete', 'abort')
   AND e.time >= greatest(date_bin(step, until, '2000-01-01 00:00:00+00'),
                          least(date_bin(step, since + step - INTERVAL '1 microsecond', '2000-01-01 00:00:00+00'), until))
   AND e.time < until)
$$;

-- Who may read the events may read what is counted of them.
DO $$
DECLARE
    reader text;
BEGIN
    FOR reader IN
        SELECT DISTINCT coalesce(quote_ident(r.rolname), 'PUBLIC')
          FROM pg_class AS c
          CROSS JOIN LATERAL aclexplode(c.relacl) AS x
          LEFT JOIN pg_roles AS r ON r.oid = x.grantee
         WHERE c.oid = 'public.batch_events'::regclass
           AND x.privilege_type = 'SELECT'
           AND x.grantee <> c.relowner AND (r.rolname IS NOT NULL OR x.grantee = 0)
    LOOP
        EXECUTE format('GRANT SELECT ON public.batch_ends_15m, public.batch_ends_1h TO %s', reader);
    END LOOP;
END $$;
