-- Number of doses of [from, to) without a mass, for each chemical that has any.
SELECT chemical AS label, (sum(doses) - sum(n_actual))::float8 AS value
  FROM dosing_sums(%(from)s::timestamptz, %(to)s::timestamptz, NULL)
 GROUP BY chemical
HAVING sum(doses) > sum(n_actual)
 ORDER BY chemical
