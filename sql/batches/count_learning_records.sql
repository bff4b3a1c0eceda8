-- How many records select_learning_records reads.
SELECT coalesce(sum(least(known.batches, %(most)s)), 0)::bigint
  FROM (SELECT count(*) AS batches
          FROM batches
         WHERE status = 'complete' AND NOT gone AND recipe <> '' AND begins_at >= %(from)s AND begins_at < %(to)s
         GROUP BY recipe, mode
        HAVING count(*) >= %(least)s) AS known
