-- The newest entry of a site's journal, 0 if there is none.
SELECT coalesce(max(id), 0) AS head
  FROM alarm_journal
 WHERE site = %(site)s
