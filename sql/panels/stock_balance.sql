-- The loss of each tank that nothing explains, for each day of the plant: what the station's level changed by, less what came
-- in, plus the doses by their actual grams. Primes, purges, waste and corrections explain it up to its size, and make no
-- gain: a station need not know of them. A day goes from the last level before it to its last level. Counts have a column of
-- their own: what they found, less the book before. Negative: lost; not known where an entry without a mass may explain it.
-- docs/materials.md.
WITH
-- include materials/latest_tanks
, days AS MATERIALIZED (
SELECT d.day::date AS day, clock.since, clock.until
  FROM generate_series((%(from)s::timestamptz AT TIME ZONE %(tz)s::text)::date,
                       ((%(to)s::timestamptz - INTERVAL '1 microsecond') AT TIME ZONE %(tz)s::text)::date,
                       INTERVAL '1 day') AS d (day)
 CROSS JOIN LATERAL (SELECT day_start(d.day::date, %(tz)s::text),
                            least(day_start(d.day::date + 1, %(tz)s::text), %(to)s::timestamptz)) AS clock (since, until)
), tanks AS MATERIALIZED (
SELECT device_id, chemical, chemical_key, spellings
  FROM latest_tanks
 WHERE (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(chemical)s::text[] IS NULL OR chemical_key IN (SELECT fold_name(n) FROM unnest(%(chemical)s::text[]) AS n))
), bounds AS MATERIALIZED (
SELECT n.day, t.device_id, t.chemical, t.chemical_key, t.spellings, a.time AS since, a.remaining_g AS start_g,
       b.time AS until, b.remaining_g AS end_g
  FROM days AS n
 CROSS JOIN tanks AS t
 CROSS JOIN LATERAL (SELECT e.time, e.remaining_g
                       FROM unnest(t.spellings) AS s (name)
                      CROSS JOIN LATERAL (SELECT l.time, l.remaining_g, l.received_at, l.dedup
                                            FROM inventory_levels AS l
                                           WHERE l.device_id = t.device_id AND l.chemical = s.name
                                             AND l.remaining_g IS NOT NULL AND l.time >= n.since AND l.time < n.until
                                           ORDER BY l.time DESC, l.received_at DESC, l.dedup DESC
                                           LIMIT 1) AS e
                      ORDER BY e.time DESC, e.received_at DESC, e.dedup DESC
                      LIMIT 1) AS b
 CROSS JOIN LATERAL (SELECT e.time, e.remaining_g
                       FROM unnest(t.spellings) AS s (name)
                      CROSS JOIN LATERAL (SELECT l.time, l.remaining_g, l.received_at, l.dedup
                                            FROM inventory_levels AS l
                                           WHERE l.device_id = t.device_id AND l.chemical = s.name
                                             AND l.remaining_g IS NOT NULL
                                             AND l.time < n.since AND l.time >= n.since - INTERVAL '7 days'
                                           ORDER BY l.time DESC, l.received_at DESC, l.dedup DESC
                                           LIMIT 1) AS e
                      ORDER BY e.time DESC, e.received_at DESC, e.dedup DESC
                      LIMIT 1) AS a
), moved AS (
SELECT b.*, d.dosed_g, e.added_g, e.removed_g, e.corrected_g, e.unknown + d.unknown AS unknown,
       e.may_have_risen, e.may_have_fallen, g.drum_g
  FROM bounds AS b
 CROSS JOIN LATERAL (SELECT coalesce(sum(r.sum_actual_g), 0) AS dosed_g,
                            coalesce(sum(r.doses - r.n_actual), 0)::bigint AS unknown
                       FROM dosing_sums(b.since + INTERVAL '1 microsecond', b.until + INTERVAL '1 microsecond',
                                        ARRAY[b.device_id]) AS r
                      WHERE fold_name(r.chemical) = b.chemical_key) AS d
 CROSS JOIN LATERAL (SELECT coalesce(sum(m.change_g) FILTER (WHERE m.kind IN ('delivery', 'refill')), 0) AS added_g,
                            coalesce(-sum(m.change_g) FILTER (WHERE m.kind IN ('prime', 'purge', 'waste')), 0) AS removed_g,
                            coalesce(sum(m.change_g) FILTER (WHERE m.kind = 'correction'), 0) AS corrected_g,
                            count(*) FILTER (WHERE m.mass_g IS NULL) AS unknown,
                            coalesce(bool_or(m.mass_g IS NULL AND m.kind IN ('delivery', 'refill', 'drum_change')), false)
                                AS may_have_risen,
                            coalesce(bool_or(m.mass_g IS NULL AND m.kind IN ('prime', 'purge', 'waste', 'drum_change')), false)
                                AS may_have_fallen
                       FROM material_entries AS m
                      WHERE m.device_id = b.device_id AND m.chemical_key = b.chemical_key
                        AND m.time > b.since AND m.time <= b.until) AS e
 CROSS JOIN LATERAL (SELECT coalesce(sum(m.mass_g - l.remaining_g), 0) AS drum_g
                       FROM material_entries AS m
                      CROSS JOIN LATERAL (SELECT o.remaining_g
                                            FROM inventory_levels AS o
                                           WHERE o.device_id = b.device_id AND o.chemical = ANY (b.spellings)
                                             AND o.remaining_g IS NOT NULL AND o.time <= m.time
                                             AND o.time >= b.since
                                           ORDER BY o.time DESC, o.received_at DESC, o.dedup DESC
                                           LIMIT 1) AS l
                      WHERE m.device_id = b.device_id AND m.chemical_key = b.chemical_key AND m.kind = 'drum_change'
                        AND m.time > b.since AND m.time <= b.until) AS g
), points AS (
SELECT DISTINCT m.device_id, m.chemical_key, m.time AS at, true AS is_before_count
  FROM material_entries AS m
 WHERE m.kind = 'count' AND m.time >= (SELECT min(since) FROM days) AND m.time < %(to)s::timestamptz
   AND (%(device)s::text[] IS NULL OR m.device_id = ANY (%(device)s::text[]))
   AND (%(chemical)s::text[] IS NULL OR m.chemical_key IN (SELECT fold_name(n) FROM unnest(%(chemical)s::text[]) AS n))
),
-- include materials/compute_books
, counted AS (
SELECT (b.at AT TIME ZONE %(tz)s::text)::date AS day, b.device_id, b.chemical_key, min(m.chemical) AS chemical,
       round(sum(m.mass_g - b.book_g)::numeric, 6)::float8 AS count_gap_g
  FROM books AS b
 CROSS JOIN LATERAL (SELECT e.chemical, e.mass_g
                       FROM material_entries AS e
                      WHERE e.device_id = b.device_id AND e.chemical_key = b.chemical_key AND e.kind = 'count'
                        AND e.time = b.at
                      ORDER BY e.entry_id DESC
                      LIMIT 1) AS m
 GROUP BY 1, 2, 3
), told AS (
SELECT day, device_id, chemical_key, coalesce(m.chemical, c.chemical) AS chemical, m.start_g, m.added_g + m.drum_g AS added_g,
       m.removed_g, m.dosed_g, m.end_g, m.unknown, m.may_have_risen, m.may_have_fallen, c.count_gap_g, m.corrected_g - m.removed_g AS told_g,
       round((m.end_g - m.start_g - m.added_g - m.drum_g + m.dosed_g)::numeric, 6)::float8 AS gap_g
  FROM moved AS m
  FULL JOIN counted AS c USING (day, device_id, chemical_key)
), explained AS (
SELECT t.*, CASE WHEN gap_g > 0 AND may_have_risen OR gap_g < 0 AND may_have_fallen THEN NULL
               WHEN gap_g < 0 AND told_g < 0 THEN least(gap_g - told_g, 0)
               WHEN gap_g > 0 AND told_g > 0 THEN greatest(gap_g - told_g, 0)
               ELSE gap_g END AS unexplained_g
  FROM told AS t
)
SELECT to_char(day, 'YYYY-MM-DD') AS day, device_id, chemical, start_g, added_g, removed_g, dosed_g, end_g, unexplained_g,
       100 * unexplained_g / nullif(dosed_g, 0) AS unexplained_percent, count_gap_g,
       CASE WHEN unknown > 0 THEN unknown || ' without a mass' ELSE '' END AS remark
  FROM explained
 ORDER BY explained.day DESC, greatest(abs(unexplained_g), abs(count_gap_g)) DESC NULLS LAST, device_id, chemical
