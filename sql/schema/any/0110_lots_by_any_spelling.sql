-- A lot is the same however its number is spelled, as a chemical is: fold_name compares both, everywhere.
CREATE INDEX material_entries_lot_key ON material_entries (chemical_key, fold_name(lot_number), time) WHERE lot_number <> '';
DROP INDEX material_entries_lot;

-- As before; in any spelling of the lot, and also the batches whose stations named it themselves.
CREATE OR REPLACE FUNCTION queue_batch_rebuild_by_materials() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO batch_rebuild_queue AS t (device_id, day, since, until)
    SELECT s.device_id, (s.at AT TIME ZONE 'UTC')::date, min(s.at), max(s.at)
      FROM new_rows AS n
     CROSS JOIN LATERAL (SELECT n.device_id, n.time
                          UNION
                         SELECT m.device_id, n.time FROM material_entries AS m
                          WHERE n.lot_number <> '' AND m.lot_number <> '' AND m.chemical_key = n.chemical_key
                            AND fold_name(m.lot_number) = fold_name(n.lot_number) AND m.time >= n.time
                          UNION
                         SELECT b.device_id, b.anchored_at
                           FROM batch_lots AS l
                           JOIN batches AS b USING (batch_key)
                          WHERE n.lot_number <> '' AND fold_name(l.lot_number) = fold_name(n.lot_number)
                            AND fold_name(l.chemical) = n.chemical_key AND NOT b.gone
                            AND coalesce(b.ends_at, 'infinity') >= n.time) AS s (device_id, at)
     GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (device_id, day) DO UPDATE
       SET since = least(t.since, excluded.since), until = greatest(t.until, excluded.until),
           touches = t.touches + 1;
    RETURN NULL;
END $$;

-- What was compared exactly before is computed again: the content of a tank from the first entry without one on.
DELETE FROM tank_mixes AS x
 USING material_entries AS m
 WHERE m.entry_id = x.entry_id AND m.lot_number <> ''
   AND EXISTS (SELECT FROM material_entries AS o
                WHERE o.lot_number <> '' AND o.chemical_key = m.chemical_key AND o.lot_number <> m.lot_number
                  AND fold_name(o.lot_number) = fold_name(m.lot_number));
