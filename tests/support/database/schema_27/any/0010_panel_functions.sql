-- What the panels read. Both functions are plain SQL that the planner takes apart, so that filters reach the
-- tables; they answer the same on every flavour, and in Grafana.

-- Where the whole quarters of an hour and the whole six hours of [since, until) begin and end.
CREATE FUNCTION dosing_edges(since timestamptz, until timestamptz)
RETURNS TABLE (quarters_from timestamptz, sixes_from timestamptz, sixes_to timestamptz, quarters_to timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT q.a, s.a, greatest(date_bin('6 hours', q.b, '2000-01-01 00:00:00+00'), s.a), q.b
  FROM (SELECT least(date_bin('15 minutes', since + INTERVAL '15 minutes' - INTERVAL '1 microsecond',
                              '2000-01-01 00:00:00+00'), until) AS a) AS first
 CROSS JOIN LATERAL (SELECT first.a, greatest(date_bin('15 minutes', until, '2000-01-01 00:00:00+00'), first.a)
                     AS b) AS q
 CROSS JOIN LATERAL (SELECT least(date_bin('6 hours', q.a + INTERVAL '6 hours' - INTERVAL '1 microsecond',
                                           '2000-01-01 00:00:00+00'), q.b) AS a) AS s
$$;

-- The sums of exactly the doses of [since, until): whole six hours, whole quarters of an hour around
-- them, and dose by dose what is left at both ends. Rows of six hours without a dose only hold old errors.
CREATE FUNCTION dosing_sums(since timestamptz, until timestamptz) RETURNS TABLE (
    device_id text, chemical text, recipe text, mode text,
    doses bigint, sum_actual_g double precision, n_actual bigint,
    sum_error_g double precision, sum_abs_error_g double precision, sum_sq_error_g double precision,
    n_error bigint, n_out_of_tol bigint, sum_duration_ms bigint, n_duration bigint
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM dosing_edges(since, until) AS e
  JOIN public.dosing_6h AS r ON r.bucket >= e.sixes_from AND r.bucket < e.sixes_to AND r.doses > 0
 UNION ALL
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM dosing_edges(since, until) AS e
  JOIN public.dosing_15m AS r ON r.bucket >= e.quarters_from AND r.bucket < e.sixes_from
 UNION ALL
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM dosing_edges(since, until) AS e
  JOIN public.dosing_15m AS r ON r.bucket >= e.sixes_to AND r.bucket < e.quarters_to
 UNION ALL
SELECT d.device_id, d.chemical, d.recipe, d.mode,
       1, coalesce(d.actual_g, 0), (d.actual_g IS NOT NULL)::int,
       coalesce(d.error_g, 0), coalesce(abs(d.error_g), 0), coalesce(d.error_g * d.error_g, 0),
       (d.error_g IS NOT NULL)::int, (coalesce(abs(d.error_g), 0) > rule.tolerance_g)::int,
       coalesce(d.duration_ms, 0), (d.duration_ms IS NOT NULL)::int
  FROM dosing_edges(since, until) AS e
  JOIN public.dosing_consumption AS d ON d.time >= since AND d.time < e.quarters_from
 CROSS JOIN public.plant_rules AS rule
 UNION ALL
SELECT d.device_id, d.chemical, d.recipe, d.mode,
       1, coalesce(d.actual_g, 0), (d.actual_g IS NOT NULL)::int,
       coalesce(d.error_g, 0), coalesce(abs(d.error_g), 0), coalesce(d.error_g * d.error_g, 0),
       (d.error_g IS NOT NULL)::int, (coalesce(abs(d.error_g), 0) > rule.tolerance_g)::int,
       coalesce(d.duration_ms, 0), (d.duration_ms IS NOT NULL)::int
  FROM dosing_edges(since, until) AS e
  JOIN public.dosing_consumption AS d ON d.time >= e.quarters_to AND d.time < until
 CROSS JOIN public.plant_rules AS rule
$$;

-- Sums per step (15 minutes, an hour, whole multiples of six hours) of the whole steps that [since, until) touches.
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
  FROM public.dosing_15m AS r
 WHERE step < INTERVAL '1 hour'
   AND r.bucket >= date_bin('15 minutes', since, '2000-01-01 00:00:00+00')
   AND r.bucket < until
 UNION ALL
SELECT r.bucket, r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.dosing_1h AS r
 WHERE step >= INTERVAL '1 hour'
   AND step < INTERVAL '6 hours'
   AND r.bucket >= date_bin('1 hour', since, '2000-01-01 00:00:00+00')
   AND r.bucket < until
 UNION ALL
SELECT date_bin(step, r.bucket, '2000-01-01 00:00:00+00'), r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.dosing_6h AS r
 WHERE step >= INTERVAL '6 hours'
   AND r.doses > 0
   AND r.bucket >= date_bin(step, since, '2000-01-01 00:00:00+00')
   AND r.bucket < date_bin(step, until + step - INTERVAL '1 microsecond', '2000-01-01 00:00:00+00')
$$;

-- The widest step that days of this zone are made of: an hour, or 15 minutes where the zone is
-- not whole hours from UTC.
CREATE FUNCTION dosing_day_step(since timestamptz, until timestamptz, tz text) RETURNS interval
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN extract(minute FROM since AT TIME ZONE tz) = extract(minute FROM since AT TIME ZONE 'UTC')
             AND extract(minute FROM until AT TIME ZONE tz) = extract(minute FROM until AT TIME ZONE 'UTC')
             AND extract(minute FROM timestamptz '2026-01-01 00:00:00+00' AT TIME ZONE tz) = 0
             AND extract(minute FROM timestamptz '2026-07-01 00:00:00+00' AT TIME ZONE tz) = 0
            THEN INTERVAL '1 hour' ELSE INTERVAL '15 minutes' END;
