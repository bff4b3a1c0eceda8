-- Number of messages that a channel has sent, or may have sent, since a time; and of high priority among them.
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
