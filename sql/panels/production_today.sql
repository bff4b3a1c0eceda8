-- The window up to now (day 0) and the one before it up to the same time on the plant's clock (day 1): batches
-- that began in it and are completed or aborted, doses, g dosed, mean duration in s, percent out of tolerance. While
-- the window lasts, batches of day 1 count if they had ended by that time, too. A batch has no chemical: its counts are
-- NULL under a filter by chemical. Each window is written out for the planner.
WITH counted (day, batches, aborted) AS (
SELECT 0, sum(completed)::bigint, sum(aborted)::bigint
  FROM batch_sums(%(from)s::timestamptz, least(%(to)s::timestamptz, greatest(%(now)s::timestamptz, %(from)s::timestamptz)),
                  %(device)s::text[])
 WHERE (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 UNION ALL
SELECT 1, sum(completed)::bigint, sum(aborted)::bigint
  FROM (SELECT recipe, mode, completed, aborted
          FROM batch_sums(shift_back_by_range(%(from)s::timestamptz, %(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text),
                          least(greatest(shift_back_by_range(least(%(to)s::timestamptz, greatest(%(now)s::timestamptz, %(from)s::timestamptz)),
                                               %(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text),
                                    shift_back_by_range(%(from)s::timestamptz, %(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text)),
                           %(from)s::timestamptz), %(device)s::text[])
         UNION ALL
        -- those that ended later: no batch is longer than half a day
        SELECT recipe, mode, -completed, -aborted
          FROM batch_counts(greatest(shift_back_by_range(%(from)s::timestamptz, %(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text),
                                     shift_back_by_range(%(now)s::timestamptz, %(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text)
                                         - INTERVAL '12 hours'),
                            least(greatest(shift_back_by_range(least(%(to)s::timestamptz, greatest(%(now)s::timestamptz, %(from)s::timestamptz)),
                                               %(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text),
                                    shift_back_by_range(%(from)s::timestamptz, %(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text)),
                           %(from)s::timestamptz))
         WHERE %(now)s::timestamptz < %(to)s::timestamptz
           AND ends_at > shift_back_by_range(%(now)s::timestamptz, %(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text)
           AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))) AS earlier
 WHERE (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
), dosed (day, doses, dosed_g, avg_duration_s, out_percent) AS (
SELECT 0, coalesce(sum(doses), 0)::bigint,
       CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END,
       (sum(sum_duration_ms) / 1000.0 / nullif(sum(n_duration), 0))::float8,
       100 * sum(n_out_of_tol)::float8 / nullif(sum(n_error), 0)::float8
  FROM dosing_sums(%(from)s::timestamptz,
                   least(%(to)s::timestamptz, greatest(%(now)s::timestamptz, %(from)s::timestamptz)), %(device)s::text[])
 WHERE (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 UNION ALL
SELECT 1, coalesce(sum(doses), 0)::bigint,
       CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END,
       (sum(sum_duration_ms) / 1000.0 / nullif(sum(n_duration), 0))::float8,
       100 * sum(n_out_of_tol)::float8 / nullif(sum(n_error), 0)::float8
  FROM dosing_sums(shift_back_by_range(%(from)s::timestamptz, %(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text),
                   least(greatest(shift_back_by_range(least(%(to)s::timestamptz, greatest(%(now)s::timestamptz, %(from)s::timestamptz)),
                                             %(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text),
                                  shift_back_by_range(%(from)s::timestamptz, %(from)s::timestamptz, %(to)s::timestamptz, %(tz)s::text)),
                        %(from)s::timestamptz), %(device)s::text[])
 WHERE (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
)
SELECT day, CASE WHEN %(chemical)s::text[] IS NULL THEN coalesce(batches, 0) END AS batches,
       doses, dosed_g, avg_duration_s, out_percent,
       CASE WHEN %(chemical)s::text[] IS NULL THEN coalesce(aborted, 0) END AS aborted
  FROM counted
  JOIN dosed USING (day)
 ORDER BY day
