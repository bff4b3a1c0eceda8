-- Every version of every recipe, with the number of its audit entry.
SELECT audit_seq, recipe, mode, version, valid_from, definition
  FROM recipe_masters
 ORDER BY audit_seq
