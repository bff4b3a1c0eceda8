-- The newest level of every tank.
SELECT time, device_id, chemical, remaining_g, capacity_g,
       compute_tank_percent(remaining_g, capacity_g, percent_full) AS percent_full, dedup, received_at, time_quality,
       coalesce(flags, '{}') AS flags
  FROM inventory_latest
 ORDER BY device_id, chemical
