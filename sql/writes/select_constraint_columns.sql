-- The columns of a constraint: the server's message names only the constraint.
SELECT string_agg(attribute.attname, ', ' ORDER BY attribute.attnum) AS columns
  FROM pg_constraint AS broken
  JOIN pg_attribute AS attribute
    ON attribute.attrelid = broken.conrelid AND attribute.attnum = ANY (broken.conkey)
 WHERE broken.conrelid = to_regclass(%(table)s) AND broken.conname = %(constraint)s
