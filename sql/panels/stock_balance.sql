-- The loss of each tank that nothing explains, for each day of the plant: what the station's level changed by, less what came
-- in, plus the doses by their actual grams. Primes, purges, waste and corrections explain it up to its size, and make no
-- gain: a station need not know of them. A day goes from the last level before it to its last level. Counts have a column of
-- their own: what they found, less the book before. Negative: lost; not known where an entry without a mass may explain it.
-- Days that are closed are stored (tank_days), the others are reckoned. docs/materials.md.
WITH
-- include materials/latest_tanks
, days AS MATERIALIZED (
SELECT d.day::date AS day
  FROM generate_series((%(from)s::timestamptz AT TIME ZONE %(tz)s::text)::date,
                       ((%(to)s::timestamptz - INTERVAL '1 microsecond') AT TIME ZONE %(tz)s::text)::date,
                       INTERVAL '1 day') AS d (day)
), asked AS MATERIALIZED (
SELECT s.device_id, d.day, c.device_id IS NOT NULL AS is_closed
  FROM (SELECT device_id FROM latest_inventory
         UNION
        SELECT device_id FROM material_entries) AS s
 CROSS JOIN days AS d
  LEFT JOIN closed_tank_days AS c
    ON c.device_id = s.device_id AND c.day = d.day AND c.zone = %(tz)s::text AND day_start(d.day + 1, %(tz)s::text) <= %(to)s::timestamptz
 WHERE %(device)s::text[] IS NULL OR s.device_id = ANY (%(device)s::text[])
), reckoned AS (
SELECT t.device_id, t.day, t.chemical_key, t.start_g, t.added_g, t.removed_g, t.dosed_g, t.end_g, t.unexplained_g, t.unknown,
       t.count_gap_g, t.counted_as
  FROM asked AS a
  JOIN tank_days AS t USING (device_id, day)
 WHERE a.is_closed
   AND (%(chemical)s::text[] IS NULL OR t.chemical_key IN (SELECT fold_name(n) FROM unnest(%(chemical)s::text[]) AS n))
 UNION ALL
SELECT c.*
  FROM (SELECT array_agg(device_id) AS stations, array_agg(day) AS days FROM asked WHERE NOT is_closed) AS o
 CROSS JOIN LATERAL count_tank_days(%(tz)s::text, %(to)s::timestamptz, o.stations, o.days,
                                    (SELECT array_agg(fold_name(n)) FROM unnest(%(chemical)s::text[]) AS n)) AS c
)
SELECT to_char(r.day, 'YYYY-MM-DD') AS day, r.device_id, coalesce(t.chemical, r.counted_as, r.chemical_key) AS chemical,
       r.start_g, r.added_g, r.removed_g, r.dosed_g, r.end_g, r.unexplained_g, 100 * r.unexplained_g / nullif(r.dosed_g, 0) AS unexplained_percent,
       r.count_gap_g, CASE WHEN r.unknown > 0 THEN r.unknown || ' without a mass' ELSE '' END AS remark
  FROM reckoned AS r
  LEFT JOIN latest_tanks AS t USING (device_id, chemical_key)
 WHERE r.start_g IS NOT NULL OR r.counted_as IS NOT NULL
 ORDER BY r.day DESC, greatest(abs(r.unexplained_g), abs(r.count_gap_g)) DESC NULLS LAST, r.device_id, 3
