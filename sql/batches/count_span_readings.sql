-- How many readings a station has in [from, to), counted up to so many of each kind.
SELECT (SELECT count(*) FROM (SELECT FROM dosing_consumption
                               WHERE device_id = %(device)s AND time >= %(from)s AND time < %(to)s
                               LIMIT %(rows)s) AS doses)
     + (SELECT count(*) FROM (SELECT FROM batch_events
                               WHERE device_id = %(device)s AND time >= %(from)s AND time < %(to)s
                               LIMIT %(rows)s) AS events)
     + (SELECT count(*) FROM (SELECT FROM inventory_levels
                               WHERE device_id = %(device)s AND time >= %(from)s AND time < %(to)s
                               LIMIT %(rows)s) AS levels)
