-- The stations that have ever been heard.
SELECT device_id
  FROM device_last_seen
 ORDER BY device_id
