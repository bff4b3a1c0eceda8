-- Batches that began in [from, to) by recipe and status: count, and count with exceptions.
SELECT recipe, status, count(*) AS batches, count(*) FILTER (WHERE findings > 0) AS with_findings
  FROM batches
 WHERE NOT gone
   AND begins_at >= %(from)s::timestamptz
   AND begins_at < %(to)s::timestamptz
 GROUP BY recipe, status
 ORDER BY recipe, status
