-- Doses of one station in a time span.
SELECT time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode, duration_ms, dedup,
       received_at, time_quality, coalesce(flags, '{}') AS flags, coalesce(batch_id, '') AS batch_id,
       coalesce(lot, '') AS lot, coalesce(operator, '') AS operator
  FROM dosing_consumption
 WHERE device_id = %(device)s AND time >= %(from)s AND time < %(to)s
