-- Every entry of the material ledger with all columns, numbers as text.
SELECT entry_id, entry_key, time, recorded_at, device_id, chemical, pump, kind, mass_g::text, entered_quantity::text,
       entered_unit, density_g_per_ml::text, lot_number, supplier, to_char(expires_on, 'YYYY-MM-DD'),
       to_char(opened_on, 'YYYY-MM-DD'), certificate, reason, source, operator, os_user, db_role
  FROM material_entries
 ORDER BY entry_id
