-- What the panels read, from the sums that fit the filter: those of all stations, or those of chosen ones. Plain SQL, which
-- the planner inlines: of a known filter, it plans one of both only.
DROP FUNCTION dosing_sums(timestamptz, timestamptz);
DROP FUNCTION dosing_series(timestamptz, timestamptz, interval);
DROP FUNCTION dosing_day_step(timestamptz, timestamptz, text);

-- Sums of exactly the doses of [since, until), of these stations, or of all (NULL: device_id is ''): whole six hours, whole
-- 15 minutes around them, and single doses at both ends, judged as for the rollups. Rows of six hours without doses hold
-- only the errors of older doses.
CREATE FUNCTION dosing_sums(since timestamptz, until timestamptz, of_stations text[]) RETURNS TABLE (
    device_id text, chemical text, recipe text, mode text,
    doses bigint, sum_actual_g double precision, n_actual bigint,
    sum_error_g double precision, sum_abs_error_g double precision, sum_sq_error_g double precision,
    n_error bigint, n_out_of_tol bigint, sum_duration_ms bigint, n_duration bigint
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.rollup_boundaries(since, until) AS e
  JOIN public.plant_rollup AS r ON r.grain = 3 AND r.device_id = '' AND r.bucket >= e.sixes_from AND r.bucket < e.sixes_to
 WHERE of_stations IS NULL
   AND r.doses > 0
 UNION ALL
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.rollup_boundaries(since, until) AS e
  JOIN public.plant_rollup AS r ON r.grain = 1 AND r.device_id = '' AND r.bucket >= e.quarters_from AND r.bucket < e.sixes_from
 WHERE of_stations IS NULL
 UNION ALL
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.rollup_boundaries(since, until) AS e
  JOIN public.plant_rollup AS r ON r.grain = 1 AND r.device_id = '' AND r.bucket >= e.sixes_to AND r.bucket < e.quarters_to
 WHERE of_stations IS NULL
 UNION ALL
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.rollup_boundaries(since, until) AS e
  JOIN public.dosing_rollup_6h AS r
    ON r.device_id = ANY (of_stations) AND r.bucket >= e.sixes_from AND r.bucket < e.sixes_to AND r.doses > 0
 UNION ALL
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.rollup_boundaries(since, until) AS e
  JOIN public.dosing_rollup_15m AS r
    ON r.device_id = ANY (of_stations) AND r.bucket >= e.quarters_from AND r.bucket < e.sixes_from
 UNION ALL
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.rollup_boundaries(since, until) AS e
  JOIN public.dosing_rollup_15m AS r
    ON r.device_id = ANY (of_stations) AND r.bucket >= e.sixes_to AND r.bucket < e.quarters_to
 UNION ALL
SELECT CASE WHEN of_stations IS NULL THEN '' ELSE d.device_id END, d.chemical, d.recipe, d.mode,
       1, coalesce(d.actual_g, 0), (d.actual_g IS NOT NULL)::int,
       coalesce(j.error_g, 0), coalesce(abs(j.error_g), 0), coalesce(j.error_g * j.error_g, 0),
       (j.error_g IS NOT NULL)::int, j.is_out::int,
       coalesce(public.plausible_duration_ms(d.duration_ms), 0),
       (public.plausible_duration_ms(d.duration_ms) IS NOT NULL)::int
  FROM (SELECT o.time, o.device_id, o.pump, o.chemical, o.recipe, o.mode, o.target_g, o.actual_g, o.error_g, o.duration_ms
          FROM public.rollup_boundaries(since, until) AS e
          JOIN public.dosing_consumption AS o ON o.time >= since AND o.time < e.quarters_from
         UNION ALL
        SELECT o.time, o.device_id, o.pump, o.chemical, o.recipe, o.mode, o.target_g, o.actual_g, o.error_g, o.duration_ms
          FROM public.rollup_boundaries(since, until) AS e
          JOIN public.dosing_consumption AS o ON o.time >= e.quarters_to AND o.time < until) AS d
 CROSS JOIN LATERAL public.judge_dose(d.time, d.recipe, d.mode, d.chemical, d.pump, d.target_g, d.error_g) AS j
 WHERE of_stations IS NULL OR d.device_id = ANY (of_stations)
$$;

-- Sums for each step (15 minutes, an hour, multiples of six hours) of the whole steps that overlap [since, until), of these
-- stations or of all.
CREATE FUNCTION dosing_series(since timestamptz, until timestamptz, step interval, of_stations text[]) RETURNS TABLE (
    at timestamptz,
    device_id text, chemical text, recipe text, mode text,
    doses bigint, sum_actual_g double precision, n_actual bigint,
    sum_error_g double precision, sum_abs_error_g double precision, sum_sq_error_g double precision,
    n_error bigint, n_out_of_tol bigint, sum_duration_ms bigint, n_duration bigint
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT date_bin(step, r.bucket, '2000-01-01 00:00:00+00'), r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.plant_rollup AS r
 WHERE of_stations IS NULL
   AND r.grain = CASE WHEN step < INTERVAL '1 hour' THEN 1 WHEN step < INTERVAL '6 hours' THEN 2 ELSE 3 END
   AND r.device_id = ''
   AND r.doses > 0
   AND r.bucket >= date_bin(step, since, '2000-01-01 00:00:00+00')
   AND r.bucket < public.next_bucket_start(step, until)
 UNION ALL
SELECT date_bin(step, r.bucket, '2000-01-01 00:00:00+00'), r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.dosing_rollup_15m AS r
 WHERE step < INTERVAL '6 hours'
   AND r.device_id = ANY (of_stations)
   AND r.bucket >= date_bin(step, since, '2000-01-01 00:00:00+00')
   AND r.bucket < public.next_bucket_start(step, until)
 UNION ALL
SELECT date_bin(step, r.bucket, '2000-01-01 00:00:00+00'), r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.dosing_rollup_6h AS r
 WHERE step >= INTERVAL '6 hours'
   AND r.doses > 0
   AND r.device_id = ANY (of_stations)
   AND r.bucket >= date_bin(step, since, '2000-01-01 00:00:00+00')
   AND r.bucket < public.next_bucket_start(step, until)
$$;

-- When a day of the time zone begins: where clocks are set back at its midnight, at the first of both midnights.
CREATE FUNCTION day_start(day date, tz text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN ((((day::timestamp AT TIME ZONE tz) AT TIME ZONE 'UTC' - INTERVAL '1 hour') AT TIME ZONE 'UTC') AT TIME ZONE tz)::date = day
            THEN ((day::timestamp AT TIME ZONE tz) AT TIME ZONE 'UTC' - INTERVAL '1 hour') AT TIME ZONE 'UTC'
            ELSE day::timestamp AT TIME ZONE tz END;
