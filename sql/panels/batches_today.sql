-- Completed batches of each recipe in the window, most first. A station ends one batch at a time: a message
-- received twice, in any form, is one batch. Guide's panel 5.
SELECT recipe AS label, sum(completed)::float8 AS value
  FROM batch_outcomes(%(from)s::timestamptz, %(to)s::timestamptz, INTERVAL '1 hour')
 WHERE completed > 0
   AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
 GROUP BY recipe
 ORDER BY value DESC, label
