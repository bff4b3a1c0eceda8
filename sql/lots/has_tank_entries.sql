-- Whether a station has entries in the material ledger from a time on, or some whose content is not stored.
SELECT EXISTS (SELECT FROM material_entries WHERE device_id = %(device)s AND time >= %(since)s)
    OR EXISTS (SELECT FROM material_entries AS m
                WHERE m.device_id = %(device)s
                  AND NOT EXISTS (SELECT FROM tank_mixes AS x WHERE x.entry_id = m.entry_id))
