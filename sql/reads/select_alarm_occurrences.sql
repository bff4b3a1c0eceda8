-- Alarms of a site active at some time in [from, to), of one station and the plant or of all, in the order of their
-- activation, each with its return to normal and first acknowledgement. A condition that began or ended while the alarm
-- was suppressed has the time at which the suppression ended. An alarm whose state is the same before and after a
-- suppression is one occurrence. An acknowledgement of an earlier occurrence, entered after this one began, is none.
WITH turns AS (
SELECT id, rule, device_id, item, priority, message, at, event = 'raise' OR (event <> 'return' AND active) AS begins,
       lag(event = 'raise' OR (event <> 'return' AND active)) OVER alarm AS before
  FROM alarm_journal
 WHERE site = %(site)s
   AND event IN ('raise', 'return', 'unshelve', 'expire', 'release', 'return to service')
   AND at >= %(from)s::timestamptz - INTERVAL '30 days'
   AND at < %(to)s::timestamptz
   AND (%(device)s::text IS NULL OR device_id IN ('', %(device)s::text))
WINDOW alarm AS (PARTITION BY rule, device_id, item ORDER BY id)
), raised AS (
SELECT id, rule, device_id, item, priority, message, at
  FROM turns
 WHERE begins
   AND before IS DISTINCT FROM true
   AND at >= %(from)s::timestamptz
 UNION ALL
(SELECT DISTINCT ON (rule, device_id, item) id, rule, device_id, item, priority, message, at
   FROM turns
  WHERE begins
    AND before IS DISTINCT FROM true
    AND at < %(from)s::timestamptz
  ORDER BY rule, device_id, item, id DESC)
)
SELECT r.rule, r.device_id, r.item, r.priority, r.message, r.at AS raised_at, back.at AS returned_at,
       CASE WHEN seen.event = 'acknowledge' THEN seen.at END AS acked_at,
       CASE WHEN seen.event = 'acknowledge' THEN coalesce(nullif(seen.author, ''), seen.os_user) ELSE '' END AS acked_by,
       CASE WHEN seen.event = 'acknowledge' THEN seen.comment ELSE '' END AS comment
  FROM raised AS r
  LEFT JOIN LATERAL (
       SELECT j.id, j.at
         FROM alarm_journal AS j
        WHERE j.site = %(site)s
          AND j.rule = r.rule AND j.device_id = r.device_id AND j.item = r.item AND j.id > r.id
          AND (j.event = 'return'
               OR (j.event IN ('unshelve', 'expire', 'release', 'return to service') AND NOT j.active))
        ORDER BY j.id
        LIMIT 1) AS back ON true
  LEFT JOIN LATERAL (
       SELECT j.event, j.at, j.author, j.os_user, j.comment
         FROM alarm_journal AS j
        WHERE j.site = %(site)s
          AND j.rule = r.rule AND j.device_id = r.device_id AND j.item = r.item AND j.id > r.id
          AND ((j.event = 'acknowledge'
                AND NOT EXISTS (SELECT FROM alarm_journal AS o WHERE o.uuid = j.occurrence AND o.id < r.id))
               OR (j.id > back.id
                   AND (j.event = 'raise'
                        OR (j.event IN ('unshelve', 'expire', 'release', 'return to service') AND j.active))))
        ORDER BY j.id
        LIMIT 1) AS seen ON true
 WHERE back.at IS NULL
    OR back.at >= %(from)s::timestamptz
 ORDER BY r.at, r.id
 LIMIT %(rows)s::bigint
