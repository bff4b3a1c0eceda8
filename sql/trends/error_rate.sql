-- The share of a station's doses out of tolerance in the hour before the end of each step, in percent.
SELECT step.at, dose.value
  FROM generate_series(%(from)s::timestamptz, %(to)s::timestamptz, %(step)s::interval) AS step (at)
  CROSS JOIN plant_limits AS rule
  LEFT JOIN LATERAL (
       SELECT (100.0 * count(*) FILTER (WHERE abs(error_g) > rule.tolerance_g) / nullif(count(*), 0))::float8 AS value
         FROM dosing_consumption
        WHERE device_id = %(device)s
          AND error_g IS NOT NULL
          AND time > least(step.at + %(step)s, %(now)s::timestamptz) - interval '1 hour'
          AND time <= least(step.at + %(step)s, %(now)s::timestamptz)) AS dose ON true
 ORDER BY step.at
