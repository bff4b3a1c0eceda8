-- Doses of each chemical by a station from a time of its own to before one of all, the newest of them.
SELECT d.time, d.device_id, d.pump, d.chemical, d.target_g, d.actual_g, d.error_g, d.recipe, d.mode, d.duration_ms,
       d.dedup, d.received_at, d.time_quality, coalesce(d.flags, '{}') AS flags
  FROM unnest(%(chemical)s::text[], %(since)s::timestamptz[]) AS c (chemical, since)
 CROSS JOIN LATERAL (SELECT *
                       FROM dosing_consumption
                      WHERE device_id = %(device)s AND chemical = c.chemical AND time >= c.since AND time < %(before)s
                      ORDER BY time DESC
                      LIMIT %(rows)s) AS d
