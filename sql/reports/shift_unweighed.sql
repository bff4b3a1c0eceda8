-- Of which chemicals doses of [from, to) have no mass, and how many.
SELECT chemical AS label, (sum(doses) - sum(n_actual))::float8 AS value
  FROM dosing_sums(%(from)s::timestamptz, %(to)s::timestamptz)
 GROUP BY chemical
HAVING sum(doses) > sum(n_actual)
 ORDER BY chemical
