-- How long nothing had been stored of a station at the end of each step, in minutes; NULL before its first message.
WITH heard AS (
     SELECT time FROM dosing_consumption
      WHERE device_id = %(device)s AND time > %(from)s::timestamptz - interval '1 day' AND time <= %(now)s
      UNION ALL
     SELECT time FROM batch_events
      WHERE device_id = %(device)s AND time > %(from)s::timestamptz - interval '1 day' AND time <= %(now)s
      UNION ALL
     SELECT time FROM inventory_levels
      WHERE device_id = %(device)s AND time > %(from)s::timestamptz - interval '1 day' AND time <= %(now)s
), newest AS (
     SELECT greatest(date_bin(%(step)s::interval, time, %(from)s::timestamptz), %(from)s) AS at, max(time) AS time
       FROM heard
      GROUP BY 1
)
SELECT step.at,
       (extract(epoch FROM least(step.at + %(step)s, %(now)s::timestamptz)
                           - max(newest.time) OVER (ORDER BY step.at)) / 60.0)::float8 AS value
  FROM generate_series(%(from)s::timestamptz, %(to)s::timestamptz, %(step)s::interval) AS step (at)
  LEFT JOIN newest ON newest.at = step.at
 ORDER BY step.at
