-- For every recipe and mode with enough complete batches in [from, to): the records of the newest.
SELECT newest.batch_key, r.record
  FROM (SELECT recipe, mode
          FROM batches
         WHERE status = 'complete' AND NOT gone AND recipe <> '' AND begins_at >= %(from)s AND begins_at < %(to)s
         GROUP BY recipe, mode
        HAVING count(*) >= %(least)s) AS known
 CROSS JOIN LATERAL (
       SELECT b.batch_key
         FROM batches AS b
        WHERE b.recipe = known.recipe AND b.mode = known.mode AND b.status = 'complete' AND NOT b.gone
          AND b.begins_at >= %(from)s AND b.begins_at < %(to)s
        ORDER BY b.begins_at DESC, b.batch_key DESC
        LIMIT %(most)s) AS newest
  JOIN batch_records AS r USING (batch_key)
