-- How long each tank that is not retired lasts, the most urgent first: use per production day of the last 7 and 28 days before today, its 10th
-- and 90th percentile, days of cover, run-out, reorder point. A production day is a day of the plant with a dose of the
-- station; below three of them the figures are NULL. A dose that was not weighed counts as the mean of that day's weighed
-- ones. It is the present state, whatever the window. Days that are closed are stored (tank_days), the others are counted.
-- docs/materials.md.
WITH
-- include materials/latest_tanks
, tanks AS MATERIALIZED (
SELECT device_id, chemical, chemical_key, remaining_g,
       compute_tank_percent(remaining_g, capacity_g, percent_full) AS percent_full
  FROM latest_tanks AS t
 WHERE (
-- include materials/is_in_service
       )
   AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
), asked AS MATERIALIZED (
SELECT s.device_id, d.day, c.device_id IS NOT NULL AS is_closed
  FROM (SELECT DISTINCT device_id FROM tanks) AS s
 CROSS JOIN generate_series(1, 28) AS g (number)
 CROSS JOIN LATERAL (SELECT (%(now)s::timestamptz AT TIME ZONE %(tz)s::text)::date - g.number) AS d (day)
  LEFT JOIN closed_tank_days AS c ON c.device_id = s.device_id AND c.day = d.day AND c.zone = %(tz)s::text
), counted AS (
SELECT t.device_id, t.day, t.chemical_key, t.doses, t.n_actual, t.sum_actual_g
  FROM asked AS a
  JOIN tank_days AS t USING (device_id, day)
 WHERE a.is_closed AND t.doses IS NOT NULL
 UNION ALL
SELECT u.device_id, u.day, u.chemical_key, u.doses, u.n_actual, u.sum_actual_g
  FROM (SELECT array_agg(device_id) AS stations, array_agg(day) AS days FROM asked WHERE NOT is_closed) AS o
 CROSS JOIN LATERAL count_tank_uses(%(tz)s::text, o.stations, o.days) AS u
), used AS MATERIALIZED (
SELECT device_id, day, chemical_key, sum_actual_g * (doses::numeric / nullif(n_actual, 0))::float8 AS use_g, doses - n_actual AS unknown
  FROM counted
), production AS (
SELECT DISTINCT day, device_id FROM used
), daily AS (
SELECT t.device_id, t.chemical_key, p.day, CASE WHEN u.device_id IS NULL THEN 0 ELSE u.use_g END AS use_g,
       coalesce(u.unknown, 0) AS unknown
  FROM tanks AS t
  JOIN production AS p USING (device_id)
  LEFT JOIN used AS u ON u.device_id = t.device_id AND u.day = p.day AND u.chemical_key = t.chemical_key
), summed AS (
SELECT device_id, chemical_key, count(*)::integer AS production_days, count(use_g)::integer AS known_days,
       sum(unknown)::bigint AS unknown, min(day) AS first_day, avg(use_g) AS mean_g,
       stddev_samp(use_g) AS deviation_g, percentile_cont(0.1) WITHIN GROUP (ORDER BY use_g) AS low_g,
       percentile_cont(0.9) WITHIN GROUP (ORDER BY use_g) AS high_g,
       avg(use_g) FILTER (WHERE day >= (%(now)s::timestamptz AT TIME ZONE %(tz)s::text)::date - 7) AS week_g
  FROM daily
 GROUP BY 1, 2
), known AS (
SELECT t.device_id, t.chemical, t.remaining_g, t.percent_full, coalesce(s.production_days, 0) AS production_days,
       coalesce(s.known_days, 0) AS known_days, s.unknown,
       CASE WHEN s.known_days >= 3 THEN s.week_g END AS week_g,
       CASE WHEN s.known_days >= 3 THEN s.mean_g END AS mean_g,
       CASE WHEN s.known_days >= 3 THEN s.low_g END AS low_g,
       CASE WHEN s.known_days >= 3 THEN s.high_g END AS high_g,
       CASE WHEN s.known_days >= 3 AND l.reorder_lead_days > 0
            THEN s.mean_g * l.reorder_lead_days + l.reorder_z * s.deviation_g * sqrt(l.reorder_lead_days) END AS reorder_g,
       ((%(now)s::timestamptz AT TIME ZONE %(tz)s::text)::date - s.first_day) / s.production_days::float8 AS calendar_share
  FROM tanks AS t
  LEFT JOIN summed AS s USING (device_id, chemical_key)
 CROSS JOIN plant_limits AS l
)
SELECT device_id, chemical, remaining_g, percent_full, production_days, week_g AS use_7_days_g, mean_g AS use_28_days_g,
       low_g AS use_p10_g, high_g AS use_p90_g, remaining_g / nullif(mean_g, 0) AS cover_days,
       remaining_g / nullif(high_g, 0) AS least_cover_days,
       CASE WHEN mean_g > 0 AND remaining_g * calendar_share < 3650 * mean_g
            THEN %(now)s::timestamptz + remaining_g / mean_g * calendar_share * INTERVAL '24 hours' END AS run_out_at,
       reorder_g,
       CASE WHEN production_days < 3 THEN 'fewer than 3 production days'
            WHEN known_days < 3 THEN 'doses without a mass'
            WHEN remaining_g IS NULL THEN 'no level in g'
            WHEN mean_g = 0 THEN 'no use'
            WHEN remaining_g <= reorder_g THEN 'order now'
            WHEN unknown > 0 THEN unknown || ' without a mass'
            ELSE '' END AS remark
  FROM known
 WHERE (%(chemical)s::text[] IS NULL OR fold_name(chemical) IN (SELECT fold_name(n) FROM unnest(%(chemical)s::text[]) AS n))
 ORDER BY cover_days NULLS LAST, percent_full NULLS LAST, device_id, chemical
