-- Tube, calibrations and use of each pump as of now.
SELECT device_id, pump, tube_at, calibrated_at, scale_calibrated_at, first_at, tube_g, tube_run_s
  FROM pump_service_states(%(now)s::timestamptz)
 ORDER BY device_id, pump
