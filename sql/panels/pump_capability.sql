-- Pumps by what they can do, the worst first: for each station, pump and target that a recipe has dosed ten times, the
-- doses of the window with their bias, sigma, Cpk and flow. sigma is the mean range from dose to dose / 1.128, the
-- tolerance that of the newest dose, the narrowest of all recipes that ask for the target in the window. NULL below ten
-- doses, and below what the scale can weigh. After a tube change or a calibration the figures begin anew. Whole six hours
-- come from a rollup, the cut ends of the window from the doses. docs/capability.md has the formulas.
WITH services AS MATERIALIZED (
SELECT device_id, pump, tube_at, calibrated_at, scale_calibrated_at, baseline_at, first_at, tube_g, tube_run_s
  FROM pump_service_states(%(to)s::timestamptz, %(device)s::text[])
), summed AS (
SELECT device_id, pump, chemical, target_g, tolerance_g, is_weighable, since, doses, sum_error_g, ranges_g, n_rate, sum_rate,
       sum_sq_rate, sum_error_of_rate,
       sum_sq_rate - sum_rate * sum_rate / nullif(n_rate, 0) AS spread,
       sum_rate_error - sum_rate * sum_error_of_rate / nullif(n_rate, 0) AS common_spread
  FROM pump_sums(%(from)s::timestamptz, %(to)s::timestamptz, %(device)s::text[],
                 ARRAY(SELECT device_id FROM services WHERE baseline_at IS NOT NULL ORDER BY device_id, pump),
                 ARRAY(SELECT pump FROM services WHERE baseline_at IS NOT NULL ORDER BY device_id, pump),
                 ARRAY(SELECT baseline_at FROM services WHERE baseline_at IS NOT NULL ORDER BY device_id, pump))
), judged AS (
SELECT s.*, s.tolerance_g / 4 AS allowance_g,
       CASE WHEN s.is_weighable AND s.doses >= 10 THEN s.sum_error_g / s.doses END AS mean_error_g,
       CASE WHEN s.is_weighable AND s.doses >= 10 THEN s.ranges_g / (s.doses - 1) / 1.128 END AS sigma_g,
       CASE WHEN s.doses >= 10 AND s.spread > 1e-9 * s.sum_sq_rate THEN s.common_spread / s.spread END AS stop_delay_s
  FROM summed AS s
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
  LEFT JOIN new_tube_rates(%(to)s::timestamptz, %(device)s::text[], false) AS n USING (device_id, pump, chemical, target_g)
 WHERE (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(pump)s::integer[] IS NULL OR pump = ANY (%(pump)s::integer[]))
 ORDER BY cpk NULLS LAST, bias_percent DESC NULLS LAST, device_id, pump, chemical, target_g
