-- Completed batches of each recipe that began in the window, most first. Guide's panel 5.
SELECT recipe AS label, sum(completed)::float8 AS value
  FROM batch_sums(%(from)s::timestamptz, %(to)s::timestamptz, %(device)s::text[])
 WHERE (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 GROUP BY recipe
HAVING sum(completed) > 0
 ORDER BY value DESC, label
