-- Every version of every recipe with its entry in the audit trail.
SELECT audit_seq, recipe, mode, version, valid_from, definition
  FROM recipe_masters
 ORDER BY audit_seq
