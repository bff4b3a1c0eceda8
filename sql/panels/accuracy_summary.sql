-- Errors of the doses of the window: count, mean and standard deviation in g, percent out of tolerance; without doses
-- below what the scale can weigh.
SELECT n::bigint AS doses,
       mean_g,
       CASE WHEN n > 1 THEN sqrt(greatest(sum_sq_g2 - n * mean_g * mean_g, 0) / (n - 1)) END AS sd_g,
       100 * out / nullif(n, 0) AS out_percent
  FROM (SELECT coalesce(sum(n_error), 0)::float8, sum(sum_error_g) / nullif(sum(n_error), 0)::float8,
               sum(sum_sq_error_g), sum(n_out_of_tol)::float8
          FROM dosing_sums(%(from)s::timestamptz, %(to)s::timestamptz, %(device)s::text[])
        WHERE (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
           AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
           AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))) AS total (n, mean_g, sum_sq_g2, out)
