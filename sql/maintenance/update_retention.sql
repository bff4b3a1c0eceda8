-- Enter a decision about one table's rows.
UPDATE data_retention
   SET keep_days = %(keep_days)s, is_decided = true, decided_at = now(), decided_by = session_user
 WHERE table_name = %(table)s
