-- Alarms active at some time in [from, to), each with the start and end of its active time. The last event of each
-- alarm before the window counts, too; a recursive query steps through the site's tags by their index, those that the
-- collector has ever raised: what other sites or operators enter costs nothing. Events that end a suppression carry the
-- condition's state. Diagnostic alarms are left out.
WITH RECURSIVE tags AS (
    (SELECT rule, device_id, item
       FROM alarm_journal
      WHERE site = %(site)s
        AND priority <> 'diagnostic'
        AND (event = 'raise' OR active)
      ORDER BY rule, device_id, item
      LIMIT 1)
     UNION ALL
    SELECT n.rule, n.device_id, n.item
      FROM tags AS t
     CROSS JOIN LATERAL (SELECT rule, device_id, item
                           FROM alarm_journal AS j
                          WHERE j.site = %(site)s
                            AND (j.rule, j.device_id, j.item) > (t.rule, t.device_id, t.item)
                            AND j.priority <> 'diagnostic'
                            AND (j.event = 'raise' OR j.active)
                          ORDER BY rule, device_id, item
                          LIMIT 1) AS n
), told AS (
    SELECT b.id, t.rule, t.device_id, t.item, b.at, b.event, b.active, b.message
      FROM tags AS t
     CROSS JOIN LATERAL (SELECT id, at, event, active, message
                           FROM alarm_journal AS j
                          WHERE j.site = %(site)s
                            AND (j.rule, j.device_id, j.item) = (t.rule, t.device_id, t.item)
                            AND j.at < %(from)s::timestamptz
                            AND j.priority <> 'diagnostic'
                            AND j.event IN ('raise', 'return', 'unshelve', 'expire', 'release', 'return to service')
                          ORDER BY id DESC
                          LIMIT 1) AS b
     UNION ALL
    SELECT id, rule, device_id, item, at, event, active, message
      FROM alarm_journal
     WHERE site = %(site)s
       AND at >= %(from)s::timestamptz
       AND at < %(to)s::timestamptz
       AND priority <> 'diagnostic'
       AND event IN ('raise', 'return', 'unshelve', 'expire', 'release', 'return to service')
), turns AS (
    SELECT id, rule, device_id, item, at, message, event = 'raise' OR (event <> 'return' AND active) AS begins,
           lag(event = 'raise' OR (event <> 'return' AND active)) OVER alarm AS before
      FROM told
    WINDOW alarm AS (PARTITION BY rule, device_id, item ORDER BY id)
), spans AS (
    SELECT id, rule, device_id, item, message, begins, at AS since, lead(at) OVER alarm AS until
      FROM turns
     WHERE begins IS DISTINCT FROM before
    WINDOW alarm AS (PARTITION BY rule, device_id, item ORDER BY id)
)
SELECT rule, device_id, item, since, until, message
  FROM spans
 WHERE begins
   AND (until IS NULL OR until >= %(from)s::timestamptz)
 ORDER BY since, id
