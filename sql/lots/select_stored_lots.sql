-- Lots that were delivered to a place which is no station, and are not all put into tanks: what is left, in g, by lot.
SELECT string_agg(DISTINCT m.device_id, ', ') FILTER (WHERE p.is_place) AS place, min(m.chemical) AS chemical,
       m.lot_number AS number,
       coalesce((array_agg(m.supplier ORDER BY m.time DESC, m.entry_id DESC) FILTER (WHERE m.supplier <> ''))[1], '')
           AS supplier,
       (array_agg(m.expires_on ORDER BY m.time DESC, m.entry_id DESC) FILTER (WHERE m.expires_on IS NOT NULL))[1] AS expires_on,
       coalesce((array_agg(m.certificate ORDER BY m.time DESC, m.entry_id DESC) FILTER (WHERE m.certificate <> ''))[1], '')
           AS certificate,
       min(m.time) FILTER (WHERE p.is_place) AS delivered_at,
       coalesce(sum(m.change_g) FILTER (WHERE p.is_place), 0)
           - coalesce(sum(m.mass_g) FILTER (WHERE NOT p.is_place AND m.kind IN ('delivery', 'refill', 'drum_change')), 0)
           AS mass_g
  FROM material_entries AS m
 CROSS JOIN LATERAL (SELECT NOT EXISTS (SELECT FROM device_last_seen AS s WHERE s.device_id = m.device_id) AS is_place) AS p
 WHERE m.lot_number <> '' AND (%(chemical)s::text IS NULL OR m.chemical_key = fold_name(%(chemical)s))
 GROUP BY m.chemical_key, m.lot_number
HAVING coalesce(sum(m.change_g) FILTER (WHERE p.is_place), 0)
           > coalesce(sum(m.mass_g) FILTER (WHERE NOT p.is_place AND m.kind IN ('delivery', 'refill', 'drum_change')), 0)
