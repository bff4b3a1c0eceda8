-- Doses of the window by their error: 20 bins of 0.2 g and two open ends, all of them always. Whole six hours
-- come from the rollup, the cut ends of the window from the doses. Without doses below what the scale can weigh.
-- Guide's panel 3.
WITH counted (bins) AS (
SELECT ARRAY[sum(b00), sum(b01), sum(b02), sum(b03), sum(b04), sum(b05), sum(b06), sum(b07), sum(b08), sum(b09), sum(b10),
             sum(b11), sum(b12), sum(b13), sum(b14), sum(b15), sum(b16), sum(b17), sum(b18), sum(b19), sum(b20), sum(b21)]
  FROM dosing_rollup_6h
 WHERE bucket >= next_bucket_start('6 hours', %(from)s::timestamptz)
   AND bucket < date_bin('6 hours', %(to)s::timestamptz, '2000-01-01 00:00:00+00')
   AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
), cut (bin, n) AS MATERIALIZED (
SELECT dosing_error_bin(error_g), count(*)
  FROM dosing_consumption
 WHERE error_g IS NOT NULL
   AND is_weighable(time, target_g)
   AND time >= %(from)s::timestamptz
   AND time < least(next_bucket_start('6 hours', %(from)s::timestamptz), %(to)s::timestamptz)
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
   AND time >= greatest(date_bin('6 hours', %(to)s::timestamptz, '2000-01-01 00:00:00+00'),
                        least(next_bucket_start('6 hours', %(from)s::timestamptz), %(to)s::timestamptz))
   AND time < %(to)s::timestamptz
   AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 GROUP BY 1
)
SELECT CASE WHEN bin > 0 THEN ((bin - 11) * 0.2)::float8 END AS lower_g,
       CASE WHEN bin < 21 THEN ((bin - 10) * 0.2)::float8 END AS upper_g,
       (coalesce(counted.bins[bin + 1], 0) + coalesce((SELECT sum(n) FROM cut WHERE cut.bin = all_bins.bin), 0))::bigint
           AS doses
  FROM generate_series(0, 21) AS all_bins (bin)
 CROSS JOIN counted
 ORDER BY bin
