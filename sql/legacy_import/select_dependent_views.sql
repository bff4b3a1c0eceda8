-- The plant's own views on the guide's relations, nearest first, with all that is needed to create them again.
WITH RECURSIVE above (view, depth) AS (
    SELECT r.ev_class, 1
      FROM pg_depend AS d JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
     WHERE d.refclassid = 'pg_class'::regclass AND d.refobjid = ANY (%(relations)s) AND r.ev_class <> d.refobjid
     UNION
    SELECT r.ev_class, above.depth + 1
      FROM above
      JOIN pg_depend AS d ON d.refclassid = 'pg_class'::regclass AND d.refobjid = above.view
      JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND r.oid = d.objid
     WHERE r.ev_class <> above.view
)
SELECT n.nspname AS schema, c.relname AS name, c.relkind::text AS kind, c.oid,
       pg_get_viewdef(c.oid) AS definition, coalesce(c.reloptions, '{}') AS options,
       pg_get_userbyid(c.relowner)::text AS owner
  FROM (SELECT view, max(depth) AS depth FROM above GROUP BY view) AS v
  JOIN pg_class AS c ON c.oid = v.view
  JOIN pg_namespace AS n ON n.oid = c.relnamespace
 WHERE c.oid <> ALL (%(relations)s) AND n.nspname NOT LIKE '\_timescaledb\_%%'
 ORDER BY v.depth, c.oid;
