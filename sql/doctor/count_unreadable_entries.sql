-- Entries of a site's alarm journal with a time that no program can read.
SELECT count(*) AS unreadable
  FROM alarm_journal
 WHERE site = %(site)s
   AND NOT (is_sane_time(received_at) AND coalesce(is_sane_time(until), true))
