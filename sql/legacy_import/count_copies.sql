-- Rows of a table's unfinished import that were stored already, or are twice in it.
SELECT count(*)
  FROM legacy_import_rejects AS r
  JOIN legacy_imports AS i USING (table_name)
 WHERE i.table_name = %(table)s AND r.reason = 'a copy of another row'
   AND r.at >= i.sane_until - INTERVAL '10 minutes'  -- since it began
