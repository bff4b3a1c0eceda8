-- The last readings of each station within the hour, oldest first: as many as the alarm of wrong clocks looks at.
SELECT reading.device_id, reading.time, reading.received_at, reading.time_quality
  FROM device_last_seen AS station
 CROSS JOIN LATERAL (
       SELECT device_id, time, received_at, time_quality
         FROM dosing_consumption
        WHERE device_id = station.device_id
          AND time BETWEEN now() - INTERVAL '3 hours' AND now() + INTERVAL '3 hours'
          AND received_at > now() - INTERVAL '1 hour'
        ORDER BY time DESC
        LIMIT %(samples)s) AS reading
 WHERE station.received_at > now() - INTERVAL '1 hour'
 ORDER BY reading.received_at
