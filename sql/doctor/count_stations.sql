-- Stations and tanks that the database knows and that are not retired: alarms watch only so many.
SELECT (SELECT count(*) FROM device_last_seen AS s
         WHERE NOT EXISTS (SELECT FROM list_retired(%(site)s::text) AS r
                            WHERE r.device_id = s.device_id AND r.chemical = '')) AS stations,
       (SELECT count(*) FROM inventory_latest AS i
         WHERE NOT EXISTS (SELECT FROM list_retired(%(site)s::text) AS r
                            WHERE r.device_id = i.device_id AND r.chemical IN ('', i.chemical))) AS tanks
