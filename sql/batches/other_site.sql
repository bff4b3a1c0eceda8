-- A site whose alarms the journal has, if it has alarms and none of them is of this site.
SELECT site
  FROM alarm_journal
 WHERE NOT EXISTS (SELECT FROM alarm_journal WHERE site = %(site)s)
 ORDER BY site
 LIMIT 1
