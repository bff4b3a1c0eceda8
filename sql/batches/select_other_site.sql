-- A site of the journal, if the journal has rows but none of this site.
SELECT site
  FROM alarm_journal
 WHERE NOT EXISTS (SELECT FROM alarm_journal WHERE site = %(site)s)
 ORDER BY site
 LIMIT 1
