-- The largest absolute error of a station's doses of a chemical in each step, in grams; NULL where there was no dose.
SELECT step.at, dose.value
  FROM generate_series(%(from)s::timestamptz, %(to)s::timestamptz, %(step)s::interval) AS step (at)
  LEFT JOIN LATERAL (
       SELECT max(abs(error_g))::float8 AS value
         FROM dosing_consumption
        WHERE device_id = %(device)s
          AND chemical = %(item)s
          AND time >= step.at
          AND time < step.at + %(step)s) AS dose ON true
 ORDER BY step.at
