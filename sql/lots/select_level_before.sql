-- What a station said last, before a time, that a tank holds, in g.
SELECT remaining_g
  FROM inventory_levels
 WHERE device_id = %(device)s AND fold_name(chemical) = %(tank)s AND time < %(before)s
   AND time >= %(before)s::timestamptz - INTERVAL '8 hours'
   AND remaining_g IS NOT NULL AND time_quality <> 'receive(backlog)'
 ORDER BY time DESC
 LIMIT 1
