-- The window up to now (day 0) and the one before it up to the same time on the plant's clock (day 1): completed
-- and aborted batches, doses, g dosed, mean duration in s, percent out of tolerance. Batches are not told apart by
-- chemical or mode.
WITH span (day, since, until) AS (
SELECT 0, %(from)s::timestamptz, least(%(to)s::timestamptz, greatest(%(now)s::timestamptz, %(from)s::timestamptz))
 UNION ALL
SELECT 1, before, least(greatest(((least(%(to)s::timestamptz, greatest(%(now)s::timestamptz, %(from)s::timestamptz))
                                   AT TIME ZONE %(tz)s::text) - length) AT TIME ZONE %(tz)s::text, before),
                        %(from)s::timestamptz)
  FROM (SELECT ((%(from)s::timestamptz AT TIME ZONE %(tz)s::text) - length) AT TIME ZONE %(tz)s::text, length
          FROM (SELECT (%(to)s::timestamptz AT TIME ZONE %(tz)s::text)
                       - (%(from)s::timestamptz AT TIME ZONE %(tz)s::text)) AS wall (length)) AS past (before, length)
)
SELECT day, ended.batches,
       dosed.doses, dosed.dosed_g, dosed.avg_duration_s, dosed.out_percent,
       ended.aborted
  FROM span
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(completed), 0)::bigint AS batches, coalesce(sum(aborted), 0)::bigint AS aborted
         FROM batch_ends(span.since, span.until, INTERVAL '1 hour')
        WHERE (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
          AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
       ) AS ended
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(doses), 0)::bigint AS doses,
              CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END AS dosed_g,
              (sum(sum_duration_ms) / 1000.0 / nullif(sum(n_duration), 0))::float8 AS avg_duration_s,
              100 * sum(n_out_of_tol)::float8 / nullif(sum(n_error), 0)::float8 AS out_percent
         FROM dosing_sums(span.since, span.until)
        WHERE (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
          AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
          AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
          AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
       ) AS dosed
 ORDER BY day
