-- What was done to pumps and scales in [from, to), the newest first; of a station, and of a pump and its station's scale.
SELECT entry_id, at, device_id, pump, kind, target_g, readings_g, mean_g, cv_percent, withdraws, note, person, os_user, db_role,
       entered_at, is_withdrawn
  FROM service_entries
 WHERE (%(from)s::timestamptz IS NULL OR at >= %(from)s::timestamptz)
   AND (%(to)s::timestamptz IS NULL OR at < %(to)s::timestamptz)
   AND (%(device)s::text IS NULL OR device_id = %(device)s::text)
   AND (%(pump)s::integer IS NULL OR pump IS NULL OR pump = %(pump)s::integer)
   AND (%(entry)s::bigint IS NULL OR entry_id = %(entry)s::bigint)
 ORDER BY at DESC, entry_id DESC
 LIMIT %(rows)s::bigint
