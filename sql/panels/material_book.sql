-- Of each tank that is not retired its book, the station's level and the last count side by side, the greatest difference first. The book is
-- the last count or drum change + what came in - what went out since, doses by their actual grams included. Percentages
-- are of the use since then. It is the present state, whatever the window. docs/materials.md.
WITH named AS (
SELECT device_id, fold_name(chemical) AS chemical_key, chemical, remaining_g, time
  FROM latest_inventory
 UNION ALL
SELECT device_id, chemical_key, min(chemical), NULL, NULL
  FROM material_entries
 GROUP BY device_id, chemical_key
), tanks AS MATERIALIZED (
SELECT t.*
  FROM (SELECT DISTINCT ON (device_id, chemical_key) device_id, chemical_key, chemical, remaining_g AS level_g
          FROM named
         WHERE (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
           AND (%(chemical)s::text[] IS NULL
                OR chemical_key IN (SELECT fold_name(n) FROM unnest(%(chemical)s::text[]) AS n))
         ORDER BY device_id, chemical_key, time DESC NULLS LAST) AS t
 WHERE
-- include materials/is_in_service
), counts AS MATERIALIZED (
SELECT DISTINCT ON (t.device_id, t.chemical_key) t.device_id, t.chemical_key, m.time, m.mass_g
  FROM tanks AS t
  JOIN material_entries AS m ON m.device_id = t.device_id AND m.chemical_key = t.chemical_key
 WHERE m.kind = 'count' AND m.time <= %(now)s::timestamptz
 ORDER BY t.device_id, t.chemical_key, m.time DESC, m.entry_id DESC
), books AS MATERIALIZED (
SELECT b.*
  FROM (SELECT array_agg(device_id) AS stations, array_agg(chemical_key) AS tanks, array_agg(at) AS times,
               array_agg(is_before) AS are_before
          FROM (SELECT device_id, chemical_key, %(now)s::timestamptz AS at, false AS is_before FROM tanks
                 UNION ALL
                SELECT device_id, chemical_key, time, true FROM counts) AS p) AS asked
 CROSS JOIN LATERAL compute_tank_books(asked.stations, asked.tanks, asked.times, asked.are_before) AS b
), compared AS (
SELECT t.device_id, t.chemical, b.book_g, t.level_g, b.dosed_g, b.unknown, b.device_id IS NOT NULL AS has_start,
       c.mass_g AS count_g, c.time AS counted_at,
       before.dosed_g AS dosed_before_g, round((t.level_g - b.book_g)::numeric, 6)::float8 AS level_gap_g,
       round((c.mass_g - before.book_g)::numeric, 6)::float8 AS count_gap_g
  FROM tanks AS t
  LEFT JOIN counts AS c ON c.device_id = t.device_id AND c.chemical_key = t.chemical_key
  LEFT JOIN books AS b ON b.device_id = t.device_id AND b.chemical_key = t.chemical_key AND NOT b.is_before_count
  LEFT JOIN books AS before
    ON before.device_id = t.device_id AND before.chemical_key = t.chemical_key AND before.is_before_count
)
SELECT device_id, chemical, book_g, level_g, level_gap_g,
       100 * level_gap_g / nullif(dosed_g, 0) AS level_gap_percent,
       count_g, counted_at, count_gap_g,
       100 * count_gap_g / nullif(dosed_before_g, 0) AS count_gap_percent, dosed_g AS use_g,
       CASE WHEN NOT has_start THEN 'no count yet'
            WHEN book_g IS NULL THEN 'doses since then are no longer stored: count again'
            WHEN unknown > 0 THEN unknown || ' without a mass'
            ELSE '' END AS remark
  FROM compared
 ORDER BY book_g IS NULL, greatest(abs(count_gap_g), abs(level_gap_g)) DESC NULLS LAST, device_id, chemical
