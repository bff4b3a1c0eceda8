-- When a site's journal began; no row where there is nothing in it.
SELECT at
  FROM alarm_journal
 WHERE site = %(site)s
 ORDER BY at
 LIMIT 1
