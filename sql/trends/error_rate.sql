-- The share of a station's doses out of tolerance in the hour before the end of each step, in percent.
WITH judged AS MATERIALIZED (
     SELECT d.time, j.is_out
       FROM dosing_consumption AS d
      CROSS JOIN LATERAL judge_dose(d.time, d.recipe, d.mode, d.chemical, d.pump, d.target_g, d.error_g) AS j
      WHERE d.device_id = %(device)s
        AND j.error_g IS NOT NULL
        AND d.time > %(from)s::timestamptz - interval '1 hour'
        AND d.time <= least(%(to)s::timestamptz + %(step)s, %(now)s::timestamptz)
)
SELECT step.at, dose.value
  FROM generate_series(%(from)s::timestamptz, %(to)s::timestamptz, %(step)s::interval) AS step (at)
  LEFT JOIN LATERAL (
       SELECT (100.0 * count(*) FILTER (WHERE is_out) / nullif(count(*), 0))::float8 AS value
         FROM judged
        WHERE time > least(step.at + %(step)s, %(now)s::timestamptz) - interval '1 hour'
          AND time <= least(step.at + %(step)s, %(now)s::timestamptz)) AS dose ON true
 ORDER BY step.at
