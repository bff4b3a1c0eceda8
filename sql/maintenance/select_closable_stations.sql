-- Stations that have sent readings, for a role that may close their days, and whether it may close those of pumps, too, and
-- store what batches took.
SELECT device_id, has_function_privilege(to_regprocedure('close_pump_days(text)'), 'EXECUTE'),
       has_function_privilege(to_regprocedure('store_recent_uses(text)'), 'EXECUTE')
  FROM device_last_seen
 WHERE has_function_privilege(to_regprocedure('close_tank_days(text, text, integer)'), 'EXECUTE')
 ORDER BY device_id
