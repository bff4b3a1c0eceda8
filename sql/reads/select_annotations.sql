-- Batches (from start to end where both were reported) and operator notes of [from, to): the newest 500, in order. The
-- columns time, timeend, text and tags are those of Grafana's annotations. Starts up to half a day before the window and
-- ends up to half a day after it are paired, so that a batch across an edge is one. 'start' sorts before an end in the
-- same second. A note without a device applies to the plant.
WITH told AS (
    (SELECT time, device_id, recipe, event, received_at, dedup
       FROM batch_events
      WHERE time >= %(from)s::timestamptz - INTERVAL '12 hours'
        AND time < %(to)s::timestamptz
        AND event IN ('start', 'complete', 'abort', 'error')
        AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
        AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
      ORDER BY time DESC
      LIMIT 2000)
     UNION ALL
    (SELECT time, device_id, recipe, event, received_at, dedup
       FROM batch_events
      WHERE time >= %(to)s::timestamptz
        AND time < %(to)s::timestamptz + INTERVAL '12 hours'
        AND event IN ('start', 'complete', 'abort', 'error')
        AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
        AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
      ORDER BY time
      LIMIT 2000)
), neighbours AS (
    SELECT time, device_id, recipe, event, lead(time) OVER batch AS next_time,
           coalesce(lead(event) OVER batch, 'start') AS next_event, lag(event) OVER batch AS last_event
      FROM told
    WINDOW batch AS (PARTITION BY device_id, recipe
                         ORDER BY time, event <> 'start', received_at, dedup)
), batches AS (
    SELECT time, device_id, recipe,
           CASE WHEN event = 'start' AND next_event <> 'start' THEN next_time END AS timeend,
           CASE WHEN event <> 'start' THEN 'unmatched'
                WHEN next_event = 'complete' THEN 'batch'
                WHEN next_event <> 'start' THEN 'aborted'
                WHEN EXISTS (SELECT FROM batch_events AS later
                              WHERE later.device_id = neighbours.device_id
                                AND later.time > neighbours.time
                                AND later.event = 'start') THEN 'incomplete'
                ELSE 'running' END AS kind,
           CASE WHEN event = 'start' AND next_event <> 'start' THEN next_event ELSE event END AS ending
      FROM neighbours
     WHERE time < %(to)s::timestamptz
       AND (event = 'start' OR last_event IS DISTINCT FROM 'start')
), happened AS (
    SELECT time, timeend, kind, device_id, '' AS author,
           coalesce(nullif(recipe, ''), 'recipe not told') || CASE kind
                WHEN 'running' THEN ' running'
                WHEN 'incomplete' THEN ' started, end not told'
                WHEN 'unmatched' THEN ' ' || ending || ', start not told'
                ELSE ' ' || ending END AS text,
           concat_ws(',', kind, device_id, nullif(recipe, '')) AS tags
      FROM batches
     WHERE time >= %(from)s::timestamptz
        OR timeend >= %(from)s::timestamptz
        OR kind = 'running'
     UNION ALL
    SELECT at, NULL, 'note', device_id, author, text, concat_ws(',', 'note', device_id, author)
      FROM (SELECT at, device_id, author, text
              FROM operator_notes
             WHERE at >= %(from)s::timestamptz
               AND at < %(to)s::timestamptz
               AND (%(device)s::text[] IS NULL OR device_id IS NULL OR device_id = ANY (%(device)s::text[]))
             ORDER BY at DESC
             LIMIT 501) AS newest_notes
), newest AS (
    SELECT time, timeend, text, tags, kind, device_id, author, count(*) OVER () > 500 AS more
      FROM happened
     ORDER BY time DESC, kind, device_id, text
     LIMIT 500
)
SELECT time, timeend, text, tags, kind, coalesce(device_id, '') AS device, author, more
  FROM newest
 ORDER BY time, kind, device, text
