-- Keep the newest changes of these stations.
DELETE FROM station_changes AS c
 USING unnest(%(devices)s::text[]) AS d (device_id)
 WHERE c.device_id = d.device_id
   AND c.id <= (SELECT id
                  FROM station_changes
                 WHERE device_id = d.device_id
                 ORDER BY id DESC
                OFFSET %(keep)s LIMIT 1)
