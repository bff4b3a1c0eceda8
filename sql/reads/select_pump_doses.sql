-- The chemicals of each pump's last doses, oldest first.
SELECT device_id AS device, pump, array_agg(chemical ORDER BY number DESC) AS chemicals
  FROM recent_pump_doses(now(), NULL)
 GROUP BY device_id, pump
