-- Time of the first journal entry of a site; no row without entries.
SELECT at
  FROM alarm_journal
 WHERE site = %(site)s
 ORDER BY at
 LIMIT 1
