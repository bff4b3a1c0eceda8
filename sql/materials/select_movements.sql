-- What the alarm rules take of the ledger entries after one; without one, the last of them alone.
SELECT entry_id, time, device_id, chemical, kind, change_g
  FROM material_entries
 WHERE entry_id > coalesce(%(after)s::bigint, (SELECT max(entry_id) - 1 FROM material_entries))
 ORDER BY entry_id
 LIMIT 1000
