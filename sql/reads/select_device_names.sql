-- Every station that has sent a message.
SELECT device_id
  FROM device_last_seen
 ORDER BY device_id
