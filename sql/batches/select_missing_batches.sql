-- Batches that have reviews but no row.
SELECT DISTINCT r.batch_id
  FROM batch_reviews AS r
 WHERE NOT EXISTS (SELECT FROM batches AS b WHERE b.batch_key = r.batch_key)
 ORDER BY r.batch_id
