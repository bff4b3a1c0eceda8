-- How many batches are stored; counts no further than so many.
SELECT count(*)
  FROM (SELECT FROM batches LIMIT %(rows)s) AS counted
