-- What the ledger says of lots, the oldest first: of these chemicals and numbers, in any spelling, anywhere in the plant.
SELECT m.time, m.chemical_key, fold_name(m.lot_number) AS lot_key, m.lot_number AS number, m.supplier, m.expires_on,
       m.opened_on, m.certificate
  FROM material_entries AS m
  JOIN (SELECT DISTINCT * FROM unnest(%(tank)s::text[], %(lot)s::text[])) AS asked (tank, lot_key)
    ON m.chemical_key = asked.tank AND fold_name(m.lot_number) = asked.lot_key
 WHERE m.lot_number <> ''
 ORDER BY m.time, m.entry_id
