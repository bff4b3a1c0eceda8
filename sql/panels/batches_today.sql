-- Completed batches of each recipe that began in the window, most first. Guide's panel 5.
SELECT recipe AS label, sum(completed)::float8 AS value
  FROM batch_counts(%(from)s::timestamptz, %(to)s::timestamptz)
 WHERE completed > 0
   AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 GROUP BY recipe
 ORDER BY value DESC, label
