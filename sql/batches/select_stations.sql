-- The stations with messages in a time span.
SELECT device_id FROM batch_events WHERE time >= %(from)s AND time < %(to)s
 UNION
SELECT device_id FROM dosing_consumption WHERE time >= %(from)s AND time < %(to)s
 ORDER BY device_id
