-- Pumps by what they can do, the worst first: for each station, pump and target that a recipe has dosed ten times, the
-- doses of the window with their bias, sigma, Cpk and flow. sigma is the mean range from dose to dose / 1.128, the
-- tolerance that of the newest dose, the narrowest of all recipes that ask for the target in the window. NULL below ten
-- doses, and below what the scale can weigh. After a tube change or a calibration the figures begin anew. Whole six hours
-- come from a rollup, the cut ends of the window from the doses. docs/capability.md has the formulas.
WITH services AS MATERIALIZED (
SELECT s.* FROM pump_service_states(%(to)s::timestamptz) AS s
), classes AS MATERIALIZED (
SELECT row_number() OVER () AS class, t.device_id, t.pump, t.chemical, t.target_g,
       min(f.tolerance_g) AS tolerance_g, bool_and(f.is_weighable) AS is_weighable,
       greatest(s.baseline_at, %(from)s::timestamptz) AS since
  FROM pump_targets AS t
  LEFT JOIN services AS s USING (device_id, pump)
 CROSS JOIN LATERAL find_tolerance(least(t.last_at, %(to)s::timestamptz), t.recipe, t.mode, t.chemical, t.pump, t.target_g) AS f
 WHERE t.first_at < %(to)s::timestamptz
   AND t.last_at >= greatest(s.baseline_at, %(from)s::timestamptz)
   AND (%(device)s::text[] IS NULL OR t.device_id = ANY (%(device)s::text[]))
   AND (t.device_id, t.pump, t.chemical, t.target_g) IN
       (SELECT r.device_id, r.pump, r.chemical, r.target_g FROM pump_targets AS r WHERE r.is_repeated)
 GROUP BY t.device_id, t.pump, t.chemical, t.target_g, s.baseline_at
), cut (since, until, of_restart) AS (
-- of_restart: the rest of the six hours in which the figures of some pumps begin anew
VALUES (%(from)s::timestamptz, least(next_bucket_start('6 hours', %(from)s::timestamptz), %(to)s::timestamptz), NULL::timestamptz),
       (greatest(date_bin('6 hours', %(to)s::timestamptz, '2000-01-01 00:00:00+00'),
                 least(next_bucket_start('6 hours', %(from)s::timestamptz), %(to)s::timestamptz)), %(to)s::timestamptz, NULL)
 UNION
SELECT since, next_bucket_start('6 hours', since), since
  FROM classes
 WHERE since >= next_bucket_start('6 hours', %(from)s::timestamptz)
   AND since < date_bin('6 hours', %(to)s::timestamptz, '2000-01-01 00:00:00+00')
), parts AS (
SELECT class, r.first_at AS at, r.first_received_at AS received_at, 0 AS place, r.doses, r.sum_error_g, r.sum_range_g,
       r.first_error_g, r.last_error_g, r.n_rate, r.sum_rate, r.sum_sq_rate, r.sum_error_of_rate, r.sum_rate_error
  FROM classes
  JOIN pump_rollup AS r USING (device_id, pump, chemical, target_g)
 WHERE r.bucket >= next_bucket_start('6 hours', %(from)s::timestamptz)
   AND r.bucket >= classes.since
   AND r.bucket < date_bin('6 hours', %(to)s::timestamptz, '2000-01-01 00:00:00+00')
 UNION ALL
SELECT class, d.time, d.received_at, d.dedup, 1, d.error_g, 0, d.error_g, d.error_g,
       (d.rate IS NOT NULL)::integer, coalesce(d.rate, 0), coalesce(d.rate * d.rate, 0),
       CASE WHEN d.rate IS NULL THEN 0 ELSE d.error_g END, coalesce(d.rate * d.error_g, 0)
  FROM cut
 CROSS JOIN LATERAL (SELECT device_id, pump, chemical, target_g, time, received_at, dedup, error_g,
                            target_g * 1000 / nullif(plausible_duration_ms(duration_ms), 0) AS rate
                       FROM dosing_consumption
                      WHERE time >= cut.since AND time < cut.until AND error_g IS NOT NULL
                        AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))) AS d
  JOIN classes USING (device_id, pump, chemical, target_g)
 WHERE d.time >= classes.since
   AND (cut.of_restart IS NULL OR cut.of_restart = classes.since)
), linked AS (
SELECT class, doses, sum_error_g, sum_range_g, n_rate, sum_rate, sum_sq_rate, sum_error_of_rate, sum_rate_error,
       abs(first_error_g - lag(last_error_g) OVER (PARTITION BY class ORDER BY at, received_at, place)) AS gap_g
  FROM parts
), summed AS (
SELECT class, sum(doses)::bigint AS doses, sum(sum_error_g) AS sum_error_g,
       sum(sum_range_g) + coalesce(sum(gap_g), 0) AS ranges_g, sum(n_rate)::float8 AS n_rate, sum(sum_rate) AS sum_rate,
       sum(sum_sq_rate) - sum(sum_rate) * sum(sum_rate) / nullif(sum(n_rate), 0)::float8 AS spread,
       sum(sum_rate_error) - sum(sum_rate) * sum(sum_error_of_rate) / nullif(sum(n_rate), 0)::float8 AS common_spread,
       sum(sum_sq_rate) AS sum_sq_rate, sum(sum_error_of_rate) AS sum_error_of_rate
  FROM linked
 GROUP BY 1
), judged AS (
SELECT s.*, c.device_id, c.pump, c.chemical, c.target_g, c.tolerance_g, c.since, c.tolerance_g / 4 AS allowance_g,
       CASE WHEN c.is_weighable AND s.doses >= 10 THEN s.sum_error_g / s.doses END AS mean_error_g,
       CASE WHEN c.is_weighable AND s.doses >= 10 THEN s.ranges_g / (s.doses - 1) / 1.128 END AS sigma_g,
       CASE WHEN s.doses >= 10 AND s.spread > 1e-9 * s.sum_sq_rate THEN s.common_spread / s.spread END AS stop_delay_s
  FROM summed AS s
  JOIN classes AS c USING (class)
), compared AS (
-- shift: 1 for a bias above the allowance, -1 for one below it, else 0. This is what biased means everywhere.
SELECT j.*, 100 * abs(mean_error_g) / nullif(allowance_g, 0) AS bias_percent,
       CASE WHEN abs(mean_error_g) > allowance_g THEN sign(mean_error_g) ELSE 0 END AS shift
  FROM judged AS j
), shifts AS (
-- of a pump: 0 also if some of its targets are above and some below
SELECT device_id, pump, max(greatest(shift, 0)) + min(least(shift, 0)) AS shift
  FROM compared
 WHERE mean_error_g IS NOT NULL
 GROUP BY 1, 2
), stations AS (
SELECT device_id, count(*) > 1 AND min(shift) = max(shift) AND min(shift) <> 0 AS is_common
  FROM shifts
 GROUP BY 1
)
SELECT device_id, pump, chemical, target_g, doses, mean_error_g, allowance_g, bias_percent, sigma_g,
       CASE WHEN sigma_g > 0 THEN greatest((tolerance_g - abs(mean_error_g)) / (3 * sigma_g), -99)
            WHEN abs(mean_error_g) > tolerance_g THEN -99 END AS cpk, tolerance_g, sum_error_g,
       sum_rate / nullif(n_rate, 0) AS rate_g_per_s, stop_delay_s,
       (sum_error_of_rate - stop_delay_s * sum_rate) / nullif(n_rate, 0) AS overshoot_g,
       CASE WHEN c.shift = 0 THEN '' WHEN is_common THEN 'scale' ELSE 'tube' END AS cause,
       CASE WHEN c.since > %(from)s::timestamptz THEN c.since END AS figures_since, n.rate AS new_rate_g_per_s,
       v.first_at, v.tube_at, v.tube_g, v.tube_run_s / 3600 AS tube_hours, v.calibrated_at, v.scale_calibrated_at
  FROM compared AS c
  LEFT JOIN stations USING (device_id)
  LEFT JOIN services AS v USING (device_id, pump)
  LEFT JOIN new_tube_rates(%(to)s::timestamptz) AS n USING (device_id, pump, chemical, target_g)
 WHERE (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(pump)s::integer[] IS NULL OR pump = ANY (%(pump)s::integer[]))
 ORDER BY cpk NULLS LAST, bias_percent DESC NULLS LAST, device_id, pump, chemical, target_g
