-- The loss of each tank that nothing explains, for each day of the plant: what the station's level changed by, less what came
-- in, plus the doses by their actual grams. Primes, purges, waste and corrections explain it up to its size, and make no
-- gain: a station need not know of them. A day goes from the last level before it to its last level. Counts have a column of
-- their own: what they found, less the book before. Negative: lost; not known where an entry without a mass may explain it.
-- Days that are closed are stored (tank_days), the others are reckoned. docs/materials.md.
WITH
-- include materials/latest_tanks
, days AS MATERIALIZED (
SELECT d.day::date AS day, to_char(d.day, 'YYYY-MM-DD') AS name,
       day_start(d.day::date + 1, %(tz)s::text) <= %(to)s::timestamptz AS is_whole
  FROM generate_series((%(from)s::timestamptz AT TIME ZONE %(tz)s::text)::date::timestamp,
                       ((%(to)s::timestamptz - INTERVAL '1 microsecond') AT TIME ZONE %(tz)s::text)::date::timestamp,
                       INTERVAL '1 day') AS d (day)
), closed AS MATERIALIZED (
SELECT c.device_id, c.day
  FROM days AS d
  JOIN closed_tank_days AS c USING (day)
 WHERE d.is_whole AND c.zone = %(tz)s::text AND (%(device)s::text[] IS NULL OR c.device_id = ANY (%(device)s::text[]))
), open AS (
SELECT s.device_id, d.day
  FROM (SELECT device_id FROM latest_inventory
         UNION
        SELECT device_id FROM material_entries) AS s
 CROSS JOIN days AS d
 WHERE (%(device)s::text[] IS NULL OR s.device_id = ANY (%(device)s::text[]))
   AND NOT EXISTS (SELECT FROM closed AS c WHERE c.device_id = s.device_id AND c.day = d.day)
), reckoned AS (
SELECT d.name, t.device_id, t.day, t.chemical_key, t.start_g, t.added_g, t.removed_g, t.dosed_g, t.end_g, t.unexplained_g, t.unknown,
       t.count_gap_g, t.counted_as
  FROM tank_days AS t
  JOIN days AS d USING (day)
 WHERE EXISTS (SELECT FROM closed AS c WHERE c.device_id = t.device_id AND c.day = t.day)
   AND (%(chemical)s::text[] IS NULL OR t.chemical_key IN (SELECT fold_name(n) FROM unnest(%(chemical)s::text[]) AS n))
 UNION ALL
SELECT to_char(c.day, 'YYYY-MM-DD'), c.*
  FROM (SELECT array_agg(device_id) AS stations, array_agg(day) AS days FROM open) AS o
 CROSS JOIN LATERAL count_tank_days(%(tz)s::text, %(to)s::timestamptz, o.stations, o.days,
                                    (SELECT array_agg(fold_name(n)) FROM unnest(%(chemical)s::text[]) AS n)) AS c
)
SELECT name AS day, device_id, chemical, start_g, added_g, removed_g, dosed_g, end_g, unexplained_g,
       100 * unexplained_g / nullif(dosed_g, 0) AS unexplained_percent, count_gap_g,
       CASE WHEN unknown > 0 THEN unknown || ' without a mass' ELSE '' END AS remark
  FROM (
-- a sort finds its keys quickly if they come first
SELECT r.day, greatest(abs(r.unexplained_g), abs(r.count_gap_g)) AS gap_g, r.device_id,
       coalesce(t.chemical, r.counted_as, r.chemical_key) AS chemical, r.name,
       r.start_g, r.added_g, r.removed_g, r.dosed_g, r.end_g, r.unexplained_g, r.count_gap_g, r.unknown
  FROM reckoned AS r
  LEFT JOIN latest_tanks AS t USING (device_id, chemical_key)
 WHERE r.start_g IS NOT NULL OR r.counted_as IS NOT NULL
 ORDER BY r.day DESC, gap_g DESC NULLS LAST, r.device_id, chemical) AS s
 ORDER BY s.day DESC, gap_g DESC NULLS LAST, device_id, chemical
