-- How far back and ahead so many doses or events of a station reach; NULL: fewer of both.
SELECT (SELECT max(time)
          FROM ((SELECT time FROM dosing_consumption
                  WHERE device_id = %(device)s AND time >= %(from)s AND time < %(since)s
                  ORDER BY time DESC OFFSET %(before_rows)s LIMIT 1)
                 UNION ALL
                (SELECT time FROM batch_events
                  WHERE device_id = %(device)s AND time >= %(from)s AND time < %(since)s
                  ORDER BY time DESC OFFSET %(before_rows)s LIMIT 1)) AS earlier) AS since,
       (SELECT min(time)
          FROM ((SELECT time FROM dosing_consumption
                  WHERE device_id = %(device)s AND time >= %(until)s AND time < %(to)s
                  ORDER BY time OFFSET %(after_rows)s LIMIT 1)
                 UNION ALL
                (SELECT time FROM batch_events
                  WHERE device_id = %(device)s AND time >= %(until)s AND time < %(to)s
                  ORDER BY time OFFSET %(after_rows)s LIMIT 1)) AS later) AS until
