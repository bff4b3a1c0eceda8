-- The mean absolute error of the hour before the end of each step, in grams, of a station or of one of its pumps.
SELECT step.at, dose.value
  FROM generate_series(%(from)s::timestamptz, %(to)s::timestamptz, %(step)s::interval) AS step (at)
  LEFT JOIN LATERAL (
       SELECT avg(abs(error_g))::float8 AS value
         FROM dosing_consumption
        WHERE device_id = %(device)s
          AND is_weighable(time, target_g)
          AND (%(item)s = '' OR 'pump ' || pump = %(item)s)
          AND time > least(step.at + %(step)s, %(now)s::timestamptz) - interval '1 hour'
          AND time <= least(step.at + %(step)s, %(now)s::timestamptz)) AS dose ON true
 ORDER BY step.at
