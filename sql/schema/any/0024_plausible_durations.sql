-- Durations that no dose can have (a counter that fell below zero, more than the pump's time-out) stay in their rows
-- but are in no sum: every panel's mean is made of these sums.
CREATE FUNCTION plausible_duration_ms(duration_ms bigint) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN duration_ms BETWEEN 0 AND 300000 THEN duration_ms END;

-- The bodies of the two functions that sum durations, with each duration put through the function above.
DO $$
DECLARE
    body text;
BEGIN
    body := pg_get_functiondef('public.roll_up_doses()'::regprocedure);
    body := replace(body, 'sum(duration_ms)', 'sum(public.plausible_duration_ms(duration_ms))');
    EXECUTE replace(body, 'count(duration_ms)', 'count(public.plausible_duration_ms(duration_ms))');
    body := pg_get_functiondef('public.dosing_sums(timestamptz, timestamptz)'::regprocedure);
    EXECUTE replace(body, 'd.duration_ms', 'public.plausible_duration_ms(d.duration_ms)');
END $$;

-- Takes what earlier versions added out of the sums, as far as the doses are still stored.
LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE;
CREATE TEMPORARY TABLE implausible ON COMMIT DROP AS
SELECT time, device_id, chemical, recipe, mode, duration_ms
  FROM dosing_consumption
 WHERE duration_ms NOT BETWEEN 0 AND 300000;

DO $$
DECLARE
    rollup record;
BEGIN
    FOR rollup IN SELECT * FROM (VALUES ('dosing_rollup_15m', '15 minutes'), ('dosing_rollup_1h', '1 hour'),
                                        ('dosing_rollup_6h', '6 hours')) AS r (name, width) LOOP
        EXECUTE format($update$
            UPDATE %I AS r
               SET sum_duration_ms = r.sum_duration_ms - bad.sum_ms, n_duration = r.n_duration - bad.n
              FROM (SELECT date_bin(%L, time, '2000-01-01 00:00:00+00') AS bucket, device_id, chemical, recipe, mode,
                           sum(duration_ms)::bigint AS sum_ms, count(*) AS n
                      FROM implausible
                     GROUP BY 1, 2, 3, 4, 5) AS bad
             WHERE (r.bucket, r.device_id, r.chemical, r.recipe, r.mode)
                 = (bad.bucket, bad.device_id, bad.chemical, bad.recipe, bad.mode)
               AND r.n_duration >= bad.n$update$, rollup.name, rollup.width);
    END LOOP;
    UPDATE recipe_rollup_15m AS r
       SET sum_duration_ms = r.sum_duration_ms - bad.sum_ms, n_duration = r.n_duration - bad.n
      FROM (SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00') AS bucket, recipe, mode,
                   sum(duration_ms)::bigint AS sum_ms, count(*) AS n
              FROM implausible
             GROUP BY 1, 2, 3) AS bad
     WHERE (r.bucket, r.recipe, r.mode) = (bad.bucket, bad.recipe, bad.mode)
       AND r.n_duration >= bad.n;
END $$;
