-- Entries of a station's tanks from a time on, or from the first one on whose content is not stored, and those at the newest
-- time before; with the content as it is stored, and what this or an earlier entry says of the lot.
WITH tanks AS (
SELECT m.chemical_key, min(m.time) FILTER (WHERE m.time >= %(since)s::timestamptz OR x.entry_id IS NULL) AS since
  FROM material_entries AS m
  LEFT JOIN tank_mixes AS x USING (entry_id)
 WHERE m.device_id = %(device)s
 GROUP BY 1
)
SELECT m.entry_id, m.time, m.kind, m.mass_g, m.lot_number AS number, said.supplier, said.expires_on, said.opened_on,
       said.certificate, m.chemical_key, x.book_g, x.lots, m.time < t.since AS is_before
  FROM tanks AS t
 CROSS JOIN LATERAL (SELECT coalesce((SELECT max(e.time) FROM material_entries AS e
                                       WHERE e.device_id = %(device)s AND e.chemical_key = t.chemical_key
                                         AND e.time < t.since), t.since) AS since) AS base
  JOIN material_entries AS m
    ON m.device_id = %(device)s AND m.chemical_key = t.chemical_key AND m.time >= base.since
  LEFT JOIN tank_mixes AS x USING (entry_id)
 CROSS JOIN LATERAL (
     SELECT coalesce((array_agg(e.supplier ORDER BY e.time DESC, e.entry_id DESC) FILTER (WHERE e.supplier <> ''))[1], ''),
            (array_agg(e.expires_on ORDER BY e.time DESC, e.entry_id DESC) FILTER (WHERE e.expires_on IS NOT NULL))[1],
            (array_agg(e.opened_on ORDER BY e.time DESC, e.entry_id DESC) FILTER (WHERE e.opened_on IS NOT NULL))[1],
            coalesce((array_agg(e.certificate ORDER BY e.time DESC, e.entry_id DESC)
                      FILTER (WHERE e.certificate <> ''))[1], '')
       FROM material_entries AS e
      WHERE m.lot_number <> '' AND e.lot_number <> '' AND fold_name(e.lot_number) = fold_name(m.lot_number)
        AND e.chemical_key = m.chemical_key AND e.time <= m.time) AS said (supplier, expires_on, opened_on, certificate)
 WHERE t.since IS NOT NULL
