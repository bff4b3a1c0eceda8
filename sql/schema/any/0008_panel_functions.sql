-- What the panels read. The functions are plain SQL, which the planner inlines: filters reach the tables. They return
-- the same on every flavour, and in Grafana.

-- The first start of a bucket of this fixed length at or after a moment. In UTC, where adding an interval does not
-- depend on the session's time zone: so the planner sees constants, and excludes chunks, compressed ones too.
CREATE FUNCTION next_bucket_start(step interval, at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT date_bin(step, (at AT TIME ZONE 'UTC') + step - INTERVAL '1 microsecond', '2000-01-01 00:00:00'::timestamp)
       AT TIME ZONE 'UTC'
$$;

-- A moment, earlier by the length of [since, until) on the clock of the time zone.
CREATE FUNCTION shift_back_by_range(at timestamptz, since timestamptz, until timestamptz, tz text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT ((at AT TIME ZONE tz) - ((until AT TIME ZONE tz) - (since AT TIME ZONE tz))) AT TIME ZONE tz
$$;

-- Where the whole 15 minutes and the whole six hours inside [since, until) begin and end.
CREATE FUNCTION rollup_boundaries(since timestamptz, until timestamptz)
RETURNS TABLE (quarters_from timestamptz, sixes_from timestamptz, sixes_to timestamptz, quarters_to timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT q.a, s.a, greatest(date_bin('6 hours', q.b, '2000-01-01 00:00:00+00'), s.a), q.b
  FROM (SELECT least(public.next_bucket_start('15 minutes', since), until) AS a) AS first
 CROSS JOIN LATERAL (SELECT first.a, greatest(date_bin('15 minutes', until, '2000-01-01 00:00:00+00'), first.a)
                     AS b) AS q
 CROSS JOIN LATERAL (SELECT least(public.next_bucket_start('6 hours', q.a), q.b) AS a) AS s
$$;

-- Sums of exactly the doses of [since, until): whole six hours, whole 15 minutes around them, and single doses at
-- both ends. Rows of six hours without doses hold only the errors of older doses.
CREATE FUNCTION dosing_sums(since timestamptz, until timestamptz) RETURNS TABLE (
    device_id text, chemical text, recipe text, mode text,
    doses bigint, sum_actual_g double precision, n_actual bigint,
    sum_error_g double precision, sum_abs_error_g double precision, sum_sq_error_g double precision,
    n_error bigint, n_out_of_tol bigint, sum_duration_ms bigint, n_duration bigint
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM rollup_boundaries(since, until) AS e
  JOIN public.dosing_rollup_6h AS r ON r.bucket >= e.sixes_from AND r.bucket < e.sixes_to AND r.doses > 0
 UNION ALL
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM rollup_boundaries(since, until) AS e
  JOIN public.dosing_rollup_15m AS r ON r.bucket >= e.quarters_from AND r.bucket < e.sixes_from
 UNION ALL
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM rollup_boundaries(since, until) AS e
  JOIN public.dosing_rollup_15m AS r ON r.bucket >= e.sixes_to AND r.bucket < e.quarters_to
 UNION ALL
SELECT d.device_id, d.chemical, d.recipe, d.mode,
       1, coalesce(d.actual_g, 0), (d.actual_g IS NOT NULL)::int,
       coalesce(d.error_g, 0), coalesce(abs(d.error_g), 0), coalesce(d.error_g * d.error_g, 0),
       (d.error_g IS NOT NULL)::int, (coalesce(abs(d.error_g), 0) > rule.tolerance_g)::int,
       coalesce(d.duration_ms, 0), (d.duration_ms IS NOT NULL)::int
  FROM rollup_boundaries(since, until) AS e
  JOIN public.dosing_consumption AS d ON d.time >= since AND d.time < e.quarters_from
 CROSS JOIN public.plant_limits AS rule
 UNION ALL
SELECT d.device_id, d.chemical, d.recipe, d.mode,
       1, coalesce(d.actual_g, 0), (d.actual_g IS NOT NULL)::int,
       coalesce(d.error_g, 0), coalesce(abs(d.error_g), 0), coalesce(d.error_g * d.error_g, 0),
       (d.error_g IS NOT NULL)::int, (coalesce(abs(d.error_g), 0) > rule.tolerance_g)::int,
       coalesce(d.duration_ms, 0), (d.duration_ms IS NOT NULL)::int
  FROM rollup_boundaries(since, until) AS e
  JOIN public.dosing_consumption AS d ON d.time >= e.quarters_to AND d.time < until
 CROSS JOIN public.plant_limits AS rule
$$;

-- Sums for each step (15 minutes, an hour, multiples of six hours) of the whole steps that overlap [since, until).
CREATE FUNCTION dosing_series(since timestamptz, until timestamptz, step interval) RETURNS TABLE (
    at timestamptz,
    device_id text, chemical text, recipe text, mode text,
    doses bigint, sum_actual_g double precision, n_actual bigint,
    sum_error_g double precision, sum_abs_error_g double precision, sum_sq_error_g double precision,
    n_error bigint, n_out_of_tol bigint, sum_duration_ms bigint, n_duration bigint
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT r.bucket, r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.dosing_rollup_15m AS r
 WHERE step < INTERVAL '1 hour'
   AND r.bucket >= date_bin('15 minutes', since, '2000-01-01 00:00:00+00')
   AND r.bucket < until
 UNION ALL
SELECT r.bucket, r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.dosing_rollup_1h AS r
 WHERE step >= INTERVAL '1 hour'
   AND step < INTERVAL '6 hours'
   AND r.bucket >= date_bin('1 hour', since, '2000-01-01 00:00:00+00')
   AND r.bucket < until
 UNION ALL
SELECT date_bin(step, r.bucket, '2000-01-01 00:00:00+00'), r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.dosing_rollup_6h AS r
 WHERE step >= INTERVAL '6 hours'
   AND r.doses > 0
   AND r.bucket >= date_bin(step, since, '2000-01-01 00:00:00+00')
   AND r.bucket < date_bin(step, until + step - INTERVAL '1 microsecond', '2000-01-01 00:00:00+00')
$$;

-- The widest step that divides this zone's days: an hour, or 15 minutes where the offset is not in whole hours.
CREATE FUNCTION dosing_day_step(since timestamptz, until timestamptz, tz text) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN extract(minute FROM since AT TIME ZONE tz) = extract(minute FROM since AT TIME ZONE 'UTC')
             AND extract(minute FROM until AT TIME ZONE tz) = extract(minute FROM until AT TIME ZONE 'UTC')
             AND extract(minute FROM timestamptz '2026-01-01 00:00:00+00' AT TIME ZONE tz) = 0
             AND extract(minute FROM timestamptz '2026-07-01 00:00:00+00' AT TIME ZONE tz) = 0
            THEN INTERVAL '1 hour' ELSE INTERVAL '15 minutes' END;

-- The batches that ended in exactly [since, until): whole steps (15 minutes or an hour), single events at both ends.
CREATE FUNCTION batch_outcomes(since timestamptz, until timestamptz, step interval)
RETURNS TABLE (at timestamptz, device_id text, recipe text, completed bigint, aborted bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT r.bucket, r.device_id, r.recipe, r.completed, r.aborted
  FROM public.batch_outcomes_1h AS r
 WHERE step >= INTERVAL '1 hour'
   AND r.bucket >= public.next_bucket_start('1 hour', since)
   AND r.bucket < date_bin('1 hour', until, '2000-01-01 00:00:00+00')
 UNION ALL
SELECT r.bucket, r.device_id, r.recipe, r.completed, r.aborted
  FROM public.batch_outcomes_15m AS r
 WHERE step < INTERVAL '1 hour'
   AND r.bucket >= public.next_bucket_start('15 minutes', since)
   AND r.bucket < date_bin('15 minutes', until, '2000-01-01 00:00:00+00')
 UNION ALL
(SELECT DISTINCT e.time, e.device_id, e.recipe, (e.event = 'complete')::int::bigint, (e.event = 'abort')::int::bigint
  FROM public.batch_events AS e
 WHERE e.event IN ('complete', 'abort')
   AND e.time >= since
   AND e.time < least(public.next_bucket_start(step, since), until))
 UNION ALL
(SELECT DISTINCT e.time, e.device_id, e.recipe, (e.event = 'complete')::int::bigint, (e.event = 'abort')::int::bigint
  FROM public.batch_events AS e
 WHERE e.event IN ('complete', 'abort')
   AND e.time >= greatest(date_bin(step, until, '2000-01-01 00:00:00+00'), least(public.next_bucket_start(step, since), until))
   AND e.time < until)
$$;
