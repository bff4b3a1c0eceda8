-- Of each chemical: the last usable level of a station in [from, before), and those of the two minutes before it: the last
-- that was sent may not be the last by its time.
SELECT l.time, l.device_id, l.chemical, l.remaining_g, l.capacity_g, l.percent_full, l.dedup, l.received_at,
       l.time_quality, coalesce(l.flags, '{}') AS flags
  FROM unnest(%(chemical)s::text[]) AS c (chemical)
 CROSS JOIN LATERAL (SELECT time
                       FROM inventory_levels
                      WHERE device_id = %(device)s AND chemical = c.chemical AND time >= %(from)s AND time < %(before)s
                        AND remaining_g IS NOT NULL AND time_quality <> 'receive(backlog)'
                      ORDER BY time DESC
                      LIMIT 1) AS newest
  JOIN inventory_levels AS l
    ON l.device_id = %(device)s AND l.chemical = c.chemical
   AND l.time >= newest.time - INTERVAL '2 minutes' AND l.time <= newest.time
