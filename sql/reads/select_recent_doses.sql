-- The newest doses, oldest first.
SELECT time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode, duration_ms, dedup,
       received_at, time_quality, coalesce(flags, '{}') AS flags
  FROM (SELECT time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode, duration_ms, dedup,
               received_at, time_quality, flags
          FROM dosing_consumption
         ORDER BY time DESC
         LIMIT %(rows)s) AS newest
 ORDER BY time
