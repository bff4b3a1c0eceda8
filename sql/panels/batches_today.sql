-- How many batches of each recipe were completed today, most first. A station ends one batch at a time:
-- a message that came twice, in whatever form, is one batch.
SELECT recipe AS label, count(*)::float8 AS value
  FROM (SELECT DISTINCT device_id, time, recipe
          FROM batch_events
         WHERE event = 'complete'
           AND time >= %(today)s
           AND time < %(tomorrow)s) AS completed
 GROUP BY recipe
 ORDER BY value DESC, label
