-- The doses of a pump at one target in [from, to) that have an error, the newest first, in the order of their ranges.
SELECT time, device_id, recipe, mode, chemical, pump, target_g, actual_g, error_g, duration_ms, received_at, time_quality
  FROM dosing_consumption
 WHERE device_id = %(device)s::text
   AND time >= %(from)s::timestamptz
   AND time < %(to)s::timestamptz
   AND pump = %(pump)s::integer
   AND chemical = %(chemical)s::text
   AND target_g = %(target_g)s::float8
   AND error_g IS NOT NULL
 ORDER BY time DESC, received_at DESC, dedup DESC
 LIMIT %(rows)s::bigint
