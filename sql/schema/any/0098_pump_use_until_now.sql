-- What went through each tube, asked each minute: until now, the six hours of now are taken from the rollup, which each
-- dose updates. To count their doses instead read all of a station's doses of six hours for each of its pumps: a minute
-- of the database's time at a thousand doses a second.
CREATE OR REPLACE FUNCTION pump_service_states(until timestamptz) RETURNS TABLE (
    device_id text, pump integer, tube_at timestamptz, calibrated_at timestamptz, scale_calibrated_at timestamptz,
    baseline_at timestamptz, first_at timestamptz, tube_g double precision, tube_run_s double precision
) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1 AS $$
#variable_conflict use_column
DECLARE  -- before it, whole buckets; a caller's now is a moment before the server's
    whole_until constant timestamptz := CASE WHEN until > now() - INTERVAL '1 minute' THEN 'infinity'
                                             ELSE date_bin('6 hours', until, '2000-01-01 00:00:00+00') END;
BEGIN  -- not plain SQL: planned once in a session, not with each panel
RETURN QUERY
WITH pumps AS (
SELECT u.device_id, u.pump, min(u.bucket) AS first_at
  FROM public.pump_use AS u
 WHERE u.bucket < until
 GROUP BY 1, 2
), entries AS (
SELECT e.device_id, e.pump, max(e.at) FILTER (WHERE e.kind = 'tube change') AS tube_at,
       max(e.at) FILTER (WHERE e.kind = 'calibration') AS calibrated_at
  FROM public.service_entries AS e
 WHERE e.at < until AND NOT e.is_withdrawn AND e.kind IN ('tube change', 'calibration')
 GROUP BY 1, 2
), dated AS (
SELECT p.device_id, p.pump, p.first_at, o.tube_at, o.calibrated_at, s.calibrated_at AS scale_calibrated_at
  FROM pumps AS p
  LEFT JOIN entries AS o ON o.device_id = p.device_id AND o.pump = p.pump
  LEFT JOIN entries AS s ON s.device_id = p.device_id AND s.pump IS NULL
)
SELECT d.device_id, d.pump, d.tube_at, d.calibrated_at, d.scale_calibrated_at,
       greatest(d.tube_at, d.calibrated_at, d.scale_calibrated_at), d.first_at, w.grams, w.run_ms / 1000.0::double precision
  FROM dated AS d
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(p.grams), 0) AS grams, coalesce(sum(p.run_ms), 0) AS run_ms
         FROM (SELECT u.sum_actual_g AS grams, u.run_ms
                 FROM public.pump_use AS u
                WHERE u.device_id = d.device_id AND u.pump = d.pump
                  AND u.bucket >= public.next_bucket_start('6 hours', coalesce(d.tube_at, d.first_at))
                  AND u.bucket < whole_until
                UNION ALL  -- the rest of the six hours of the change, and the six hours of until: each a range of the index
               SELECT o.actual_g, public.plausible_duration_ms(o.duration_ms)
                 FROM public.dosing_consumption AS o
                WHERE o.device_id = d.device_id AND o.pump = d.pump AND o.time >= d.tube_at
                  AND o.time < least(public.next_bucket_start('6 hours', d.tube_at), until)
                UNION ALL
               SELECT o.actual_g, public.plausible_duration_ms(o.duration_ms)
                 FROM public.dosing_consumption AS o
                WHERE o.device_id = d.device_id AND o.pump = d.pump AND o.time < until
                  AND o.time >= greatest(whole_until, public.next_bucket_start('6 hours', d.tube_at))) AS p) AS w;
END $$;
