-- How many messages a channel has sent since then, or may have; and how many of them told of high priority.
SELECT count(*), count(*) FILTER (WHERE EXISTS (
       SELECT
         FROM alarm_notifications AS told
         JOIN alarm_journal AS j ON j.id = told.journal_id
        WHERE (told.id = n.id OR told.summary = n.id)
          AND j.priority = 'high'))
  FROM alarm_notifications AS n
 WHERE n.site = %(site)s
   AND n.channel = %(channel)s
   AND n.claimed_at > %(since)s::timestamptz
   AND n.fate IN ('claimed', 'sent', 'unknown')
