-- Fail notices that were not sent in time: those given, and summaries that are too old, with all their members. A summary
-- stays as long as one of the given alarms is in it. Returns the number of alarms of each reason.
  WITH given_up AS (
       UPDATE alarm_notifications AS n
          SET fate = 'failed', settled_at = %(now)s::timestamptz,
              reason = coalesce(nullif(n.reason, ''), 'Not sent within a day.')
        WHERE n.site = %(site)s
          AND n.channel = %(channel)s
          AND n.fate = 'waiting'
          AND (n.id = ANY (%(ids)s::bigint[])
               OR n.occasion = 'summary'
                  AND n.due_at < %(before)s::timestamptz
                  AND NOT EXISTS (SELECT FROM alarm_notifications AS m
                                   WHERE m.summary = n.id AND m.occurrence = ANY (%(kept)s::uuid[])))
       RETURNING n.id, n.occasion, n.reason),
       with_it AS (
       UPDATE alarm_notifications AS member
          SET fate = 'failed', settled_at = %(now)s::timestamptz, reason = given_up.reason
         FROM given_up
        WHERE member.summary = given_up.id
          AND member.fate = 'summarised'
       RETURNING member.reason),
       gone AS (
       SELECT reason FROM given_up WHERE occasion <> 'summary'
       UNION ALL
       SELECT reason FROM with_it)
SELECT reason, count(*)
  FROM gone
 GROUP BY reason
 ORDER BY reason
