-- Progress of the unfinished imports; copied_to is NULL before the first slice.
SELECT table_name, old_name, sane_until, rows, copied, set_aside,
       CASE WHEN copied_to > '-infinity' THEN copied_to END AS copied_to,
       coalesce((to_jsonb(i) ->> 'flagged')::bigint, 0) AS flagged
  FROM legacy_imports AS i
 WHERE finished_at IS NULL
 ORDER BY table_name;
