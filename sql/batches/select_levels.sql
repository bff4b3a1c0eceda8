-- Inventory levels of one station in a time span.
SELECT time, device_id, chemical, remaining_g, capacity_g, percent_full, dedup, received_at, time_quality,
       coalesce(flags, '{}') AS flags
  FROM inventory_levels
 WHERE device_id = %(device)s AND time >= %(from)s AND time < %(to)s
