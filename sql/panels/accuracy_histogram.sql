-- Doses of the window by their error: 20 bins of 0.2 g and two open ends, all of them always. Whole six hours come from
-- a rollup, of all stations whole 15 minutes around them, too; the cut ends of the window from the doses. Up to now there is no
-- cut end: all of the current 15 minutes counts, under a filter by station of the current six hours. Without doses below
-- what the scale can weigh. Guide's panel 3.
WITH ends AS MATERIALIZED (
SELECT e.step, e.until, least(next_bucket_start(e.step, %(from)s::timestamptz), e.until) AS wholes_from,
       date_bin('6 hours', e.until, '2000-01-01 00:00:00+00') AS sixes_to,
       date_bin(e.step, e.until, '2000-01-01 00:00:00+00') AS wholes_to
  FROM (SELECT s.step, round_up_now(s.step, %(to)s::timestamptz) AS until
          FROM (SELECT CASE WHEN %(device)s::text[] IS NULL THEN INTERVAL '15 minutes' ELSE INTERVAL '6 hours' END)
               AS s (step)) AS e
), counted (bins) AS (
SELECT coalesce(sum(bins), 0)
  FROM (
SELECT bins
  FROM plant_rollup
 WHERE %(device)s::text[] IS NULL
   AND grain = 3
   AND device_id = ''
   AND bucket >= next_bucket_start('6 hours', %(from)s::timestamptz)
   AND bucket < (SELECT sixes_to FROM ends)
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 UNION ALL
SELECT bins
  FROM plant_rollup
 WHERE %(device)s::text[] IS NULL
   AND grain = 1
   AND device_id = ''
   AND bucket >= next_bucket_start('15 minutes', %(from)s::timestamptz)
   AND bucket < least(next_bucket_start('6 hours', %(from)s::timestamptz),
                      (SELECT wholes_to FROM ends))
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 UNION ALL
SELECT bins
  FROM plant_rollup
 WHERE %(device)s::text[] IS NULL
   AND grain = 1
   AND device_id = ''
   AND bucket >= greatest((SELECT sixes_to FROM ends),
                          next_bucket_start('6 hours', %(from)s::timestamptz))
   AND bucket < (SELECT wholes_to FROM ends)
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 UNION ALL
SELECT bins
  FROM dosing_rollup_6h
 WHERE device_id = ANY (%(device)s::text[])
   AND bucket >= next_bucket_start('6 hours', %(from)s::timestamptz)
   AND bucket < (SELECT sixes_to FROM ends)
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
) AS known
), cut (bin, n) AS MATERIALIZED (
-- by bounds of the window alone TimescaleDB leaves out the chunks that hold neither end
SELECT dosing_error_bin(error_g), count(*)
  FROM dosing_consumption
 WHERE error_g IS NOT NULL
   AND is_weighable(time, target_g)
   AND time >= %(from)s::timestamptz
   AND time < %(from)s::timestamptz + INTERVAL '6 hours'
   AND time < (SELECT wholes_from FROM ends)
   AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 GROUP BY 1
 UNION ALL
SELECT dosing_error_bin(error_g), count(*)
  FROM dosing_consumption
 WHERE error_g IS NOT NULL
   AND is_weighable(time, target_g)
   AND time >= %(to)s::timestamptz - INTERVAL '6 hours'
   AND time < %(to)s::timestamptz
   AND time >= (SELECT greatest(wholes_to, wholes_from) FROM ends)
   AND time < (SELECT until FROM ends)
   AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 GROUP BY 1
)
SELECT CASE WHEN bin > 0 THEN ((bin - 11) * 0.2)::float8 END AS lower_g,
       CASE WHEN bin < 21 THEN ((bin - 10) * 0.2)::float8 END AS upper_g,
       (bin_count(counted.bins, bin) + coalesce((SELECT sum(n) FROM cut WHERE cut.bin = all_bins.bin), 0))::bigint
           AS doses
  FROM generate_series(0, 21) AS all_bins (bin)
 CROSS JOIN counted
 ORDER BY bin
