-- Tube, calibrations and use of each pump as of now, but of retired stations.
SELECT device_id, pump, tube_at, calibrated_at, scale_calibrated_at, first_at, tube_g, tube_run_s
  FROM pump_service_states(%(now)s::timestamptz)
 WHERE device_id NOT IN (SELECT r.device_id FROM list_retired(%(site)s::text) AS r WHERE r.chemical = '')
 ORDER BY device_id, pump
