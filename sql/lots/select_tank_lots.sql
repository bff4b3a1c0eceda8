-- What the tanks of the stations hold that are not retired, where lots were entered: of a station or of all (NULL), as of a time;
-- the book then.
SELECT t.device_id, coalesce(l.chemical, t.chemical) AS chemical, t.chemical_key, t.time AS since, t.lots,
       t.book_g - (SELECT u.mass_g
                     FROM tank_use(t.device_id, t.chemical_key,
                                   CASE t.kind WHEN 'drum_change' THEN t.time ELSE t.time + INTERVAL '1 microsecond' END,
                                   %(now)s) AS u) AS book_g
  FROM (SELECT DISTINCT ON (m.device_id, m.chemical_key) m.device_id, m.chemical, m.chemical_key, m.time, m.kind,
               x.book_g, x.lots
          FROM material_entries AS m
          JOIN tank_mixes AS x USING (entry_id)
         WHERE m.time <= %(now)s AND (%(device)s::text IS NULL OR m.device_id = %(device)s)
         ORDER BY m.device_id, m.chemical_key, m.time DESC,
                  CASE m.kind WHEN 'count' THEN 2 WHEN 'drum_change' THEN 0 ELSE 1 END DESC, m.entry_id DESC) AS t
  LEFT JOIN LATERAL (SELECT i.chemical FROM inventory_latest AS i
                      WHERE i.device_id = t.device_id AND fold_name(i.chemical) = t.chemical_key
                      LIMIT 1) AS l ON true
 WHERE t.lots <> '[]' AND EXISTS (SELECT FROM device_last_seen AS s WHERE s.device_id = t.device_id)
   AND NOT EXISTS (SELECT FROM list_retired(%(site)s::text) AS r
                    WHERE r.device_id = t.device_id AND r.chemical IN ('', coalesce(l.chemical, t.chemical)))
 ORDER BY t.device_id, chemical
