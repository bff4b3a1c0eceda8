-- Id of the newest journal entry of a site, 0 without entries.
SELECT coalesce(max(id), 0) AS head
  FROM alarm_journal
 WHERE site = %(site)s
