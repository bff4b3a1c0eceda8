-- Keep the newest changes of these stations; lost messages, which batches that are judged again name, for 90 days, but not
-- more than so many.
DELETE FROM station_changes AS c
 USING unnest(%(devices)s::text[]) AS d (device_id)
 WHERE c.device_id = d.device_id
   AND c.id <= (SELECT id
                  FROM station_changes
                 WHERE device_id = d.device_id
                 ORDER BY id DESC
                OFFSET %(keep)s LIMIT 1)
   AND (c.kind <> 'lost' OR c.at < now() - INTERVAL '90 days'
        OR c.id <= (SELECT id
                      FROM station_changes
                     WHERE device_id = d.device_id
                     ORDER BY id DESC
                    OFFSET %(keep_lost)s LIMIT 1))
