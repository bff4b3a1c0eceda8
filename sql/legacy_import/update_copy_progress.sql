-- Record one copied slice, in its transaction.
UPDATE legacy_imports
   SET copied_to = %(until)s, copied = copied + %(copied)s, set_aside = set_aside + %(set_aside)s,
       flagged = flagged + %(flagged)s
 WHERE table_name = %(table)s
