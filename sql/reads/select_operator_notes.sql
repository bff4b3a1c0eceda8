-- Notes about times in [from, to), newest first.
SELECT id, at, noted_at, text, author, os_user, db_role, device_id AS device
  FROM operator_notes
 WHERE at >= %(from)s::timestamptz
   AND at < %(to)s::timestamptz
 ORDER BY at DESC, id DESC
 LIMIT %(rows)s::bigint
