-- Batches that overlap [from, to) and operator notes in it: the newest 500, in order. The columns time, timeend, text
-- and tags are those of Grafana's annotations. The batches are those of the batch list, with its status. A note without
-- a device applies to the plant.
WITH happened AS (
    (SELECT begins_at AS time, ends_at AS timeend, device_id, '' AS author,
            CASE WHEN ends_at IS NULL THEN 'running' WHEN status = 'complete' THEN 'batch' WHEN status = 'aborted' THEN 'aborted'
                 WHEN status = 'incomplete' THEN 'incomplete' ELSE 'unmatched' END AS kind,
            coalesce(nullif(recipe, ''), 'recipe unknown') || ' '
                || CASE WHEN ends_at IS NULL THEN 'running' ELSE status END AS text, recipe
       FROM batches
      WHERE NOT gone
        -- no batch is longer than half a day
        AND begins_at >= %(from)s::timestamptz - INTERVAL '12 hours'
        AND begins_at < %(to)s::timestamptz
        AND coalesce(ends_at, 'infinity') >= %(from)s::timestamptz
        AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
        AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
      ORDER BY begins_at DESC, device_id
      LIMIT 501)
     UNION ALL
    (SELECT at, NULL, device_id, author, 'note', text, NULL
       FROM operator_notes
      WHERE at >= %(from)s::timestamptz
        AND at < %(to)s::timestamptz
        AND (%(device)s::text[] IS NULL OR device_id IS NULL OR device_id = ANY (%(device)s::text[]))
      ORDER BY at DESC
      LIMIT 501)
), newest AS (
    SELECT time, timeend, text, kind, device_id, author, recipe, count(*) OVER () > 500 AS more
      FROM happened
     ORDER BY time DESC, kind, device_id, text
     LIMIT 500
)
SELECT time, timeend, text, concat_ws(',', kind, device_id, nullif(CASE kind WHEN 'note' THEN author ELSE recipe END, '')) AS tags,
       kind, coalesce(device_id, '') AS device, author, more
  FROM newest
 ORDER BY time, kind, device, text
