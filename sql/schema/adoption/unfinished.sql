-- Where the copying of each table stands; copied_to is NULL before it begins. Finished ones are not told.
SELECT table_name, old_name, sane_until, rows, copied, set_aside,
       CASE WHEN copied_to > '-infinity' THEN copied_to END AS copied_to
  FROM legacy_imports
 WHERE finished_at IS NULL
 ORDER BY table_name;
