-- The first journal row of these entries.
SELECT min(id)
  FROM alarm_journal
 WHERE uuid = ANY (%(uuid)s::uuid[])
   AND site = %(site)s
