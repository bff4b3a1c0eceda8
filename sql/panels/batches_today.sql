-- How many batches of each recipe were completed in the window, most first. A station ends one batch at a time:
-- a message that came twice, in whatever form, is one batch. Guide's panel 5.
SELECT recipe AS label, count(*)::float8 AS value
  FROM (SELECT DISTINCT device_id, time, recipe
          FROM batch_events
         WHERE event = 'complete'
           AND time >= %(from)s::timestamptz
           AND time < %(to)s::timestamptz
           AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
           AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))) AS completed
 GROUP BY recipe
 ORDER BY value DESC, label
