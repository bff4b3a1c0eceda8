-- Entries of the material ledger in a range of the times when they happened, the newest first.
SELECT entry_id, time, recorded_at, device_id, chemical, pump, kind, mass_g, change_g, entered_quantity, entered_unit,
       density_g_per_ml, lot_number, supplier, expires_on, opened_on, certificate, reason, source, operator, os_user, db_role
  FROM material_entries
 WHERE (%(since)s::timestamptz IS NULL OR time >= %(since)s::timestamptz)
   AND (%(until)s::timestamptz IS NULL OR time < %(until)s::timestamptz)
   AND (%(devices)s::text[] IS NULL OR device_id = ANY (%(devices)s::text[]))
   AND (%(chemical_keys)s::text[] IS NULL OR chemical_key = ANY (%(chemical_keys)s::text[]))
   AND (%(kinds)s::text[] IS NULL OR kind = ANY (%(kinds)s::text[]))
 ORDER BY time DESC, entry_id DESC
 LIMIT %(most)s
