-- Adopted tables: nothing of them is dropped before somebody decides.
UPDATE data_retention
   SET keep_days = NULL, is_decided = false, decided_at = NULL, decided_by = NULL
 WHERE table_name = ANY (%(tables)s)
