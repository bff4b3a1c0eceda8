-- Stations that have sent readings, for a role that may close their days.
SELECT device_id
  FROM device_last_seen
 WHERE has_function_privilege(to_regprocedure('close_tank_days(text, text, integer)'), 'EXECUTE')
 ORDER BY device_id
