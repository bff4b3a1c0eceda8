-- The loss of each tank that nothing explains, for each day of the plant: what the station's level changed by, less what came
-- in, plus the doses by their actual grams. Primes, purges, waste and corrections explain it up to its size, and make no
-- gain: a station need not know of them. A day goes from the last level before it to its last level. Counts have a column of
-- their own: what they found, less the book before. Negative: lost; not known where an entry without a mass may explain it.
-- Days that are closed are stored (tank_days), the others are reckoned. docs/materials.md.
WITH RECURSIVE
-- include materials/latest_tanks
, days AS MATERIALIZED (
-- by number, of which the planner knows how many there are: else it sorts all stored days to join them
SELECT d.day, to_char(d.day, 'YYYY-MM-DD') AS name, day_start(d.day + 1, %(tz)s::text) <= %(to)s::timestamptz AS is_whole
  FROM (SELECT (%(from)s::timestamptz AT TIME ZONE %(tz)s::text)::date + n.number AS day
          FROM generate_series(0, ((%(to)s::timestamptz - INTERVAL '1 microsecond') AT TIME ZONE %(tz)s::text)::date
                                  - (%(from)s::timestamptz AT TIME ZONE %(tz)s::text)::date) AS n (number)) AS d
), closed AS MATERIALIZED (
SELECT c.device_id, c.day
  FROM days AS d
  JOIN closed_tank_days AS c USING (day)
 WHERE d.is_whole AND c.zone = %(tz)s::text AND (%(device)s::text[] IS NULL OR c.device_id = ANY (%(device)s::text[]))
), entered (device_id) AS (
-- the stations of the ledger: each by its first entry, not by reading all
(SELECT m.device_id FROM material_entries AS m ORDER BY 1 LIMIT 1)
 UNION ALL
SELECT n.device_id
  FROM entered AS e
 CROSS JOIN LATERAL (SELECT m.device_id FROM material_entries AS m WHERE m.device_id > e.device_id ORDER BY 1 LIMIT 1) AS n
), open AS MATERIALIZED (
SELECT s.device_id, d.day
  FROM (SELECT device_id FROM latest_inventory
         UNION
        SELECT device_id FROM entered) AS s
 CROSS JOIN days AS d
 WHERE (%(device)s::text[] IS NULL OR s.device_id = ANY (%(device)s::text[]))
   AND NOT EXISTS (SELECT FROM closed AS c WHERE c.device_id = s.device_id AND c.day = d.day)
), runs AS (
-- days that are more than a week apart are reckoned by themselves: the chunks and weeks between them are left out
SELECT array_agg(o.device_id) AS stations, array_agg(o.day) AS days
  FROM open AS o
  JOIN (SELECT e.day, sum((e.day - e.before > 7)::integer) OVER (ORDER BY e.day) AS run
          FROM (SELECT n.day, lag(n.day, 1, n.day) OVER (ORDER BY n.day) AS before
                  FROM (SELECT DISTINCT day FROM open) AS n) AS e) AS r USING (day)
 GROUP BY r.run
), reckoned AS (
-- in the order in which they are used below: in another one each row is copied once more
SELECT t.day, t.unexplained_g, t.count_gap_g, t.device_id, t.counted_as, t.chemical_key, c.name, t.start_g, t.added_g, t.removed_g,
       t.dosed_g, t.end_g, t.unknown
  FROM tank_days AS t
-- the few closed days with their names first, then by a hash: most days are asked for, none by its index
  JOIN (SELECT c.device_id, c.day, d.name
          FROM closed_tank_days AS c
          JOIN days AS d USING (day)
         WHERE d.is_whole AND c.zone = %(tz)s::text AND (%(device)s::text[] IS NULL OR c.device_id = ANY (%(device)s::text[]))
        OFFSET 0) AS c ON c.device_id = t.device_id AND c.day = t.day + 0
 WHERE (%(chemical)s::text[] IS NULL OR t.chemical_key IN (SELECT fold_name(n) FROM unnest(%(chemical)s::text[]) AS n))
 UNION ALL
SELECT c.day, c.unexplained_g, c.count_gap_g, c.device_id, c.counted_as, c.chemical_key, to_char(c.day, 'YYYY-MM-DD'), c.start_g,
       c.added_g, c.removed_g, c.dosed_g, c.end_g, c.unknown
  FROM runs AS r
 CROSS JOIN LATERAL count_tank_days(%(tz)s::text, %(to)s::timestamptz, r.stations, r.days,
                                    (SELECT array_agg(fold_name(n)) FROM unnest(%(chemical)s::text[]) AS n)) AS c
)
SELECT name AS day, device_id, chemical, start_g, added_g, removed_g, dosed_g, end_g, unexplained_g,
       100 * unexplained_g / nullif(dosed_g, 0) AS unexplained_percent, count_gap_g,
       CASE WHEN unknown > 0 THEN unknown || ' without a mass' ELSE '' END AS remark
  FROM (
-- sorted by one number first, which has the order of day and gap: comparing three columns takes longer
SELECT ((r.day - date '2000-01-01')::bigint << 42) + (1048576 * least(coalesce(g.gap_g, -1), 1048574))::bigint AS rank, g.gap_g, r.device_id,
       coalesce(t.chemical, r.counted_as, r.chemical_key) AS chemical, r.name,
       r.start_g, r.added_g, r.removed_g, r.dosed_g, r.end_g, r.unexplained_g, r.count_gap_g, r.unknown
  FROM reckoned AS r
 CROSS JOIN LATERAL (SELECT greatest(abs(r.unexplained_g), abs(r.count_gap_g))) AS g (gap_g)
  LEFT JOIN latest_tanks AS t USING (device_id, chemical_key)
 WHERE r.start_g IS NOT NULL OR r.counted_as IS NOT NULL
 ORDER BY rank DESC, gap_g DESC NULLS LAST, r.device_id, chemical) AS s
 ORDER BY s.rank DESC, gap_g DESC NULLS LAST, device_id, chemical
