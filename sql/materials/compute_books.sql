-- The book of each of points (device_id, chemical_key, at, is_before_count): the last count or drum change + what came in -
-- what went out since, up to that time; NULL where the doses are not known any more. is_before_count: the book that a count of that time is compared with.
started AS MATERIALIZED (
SELECT p.device_id, p.chemical_key, p.at, p.is_before_count, s.mass_g AS start_g,
       CASE WHEN s.kind = 'count' THEN s.time + INTERVAL '1 microsecond' ELSE s.time END AS since
  FROM points AS p
 CROSS JOIN LATERAL (SELECT m.time, m.kind, m.mass_g
                       FROM material_entries AS m
                      WHERE m.device_id = p.device_id AND m.chemical_key = p.chemical_key
                        AND m.kind IN ('count', 'drum_change') AND m.mass_g IS NOT NULL AND m.time <= p.at
                        AND NOT (p.is_before_count AND m.kind = 'count' AND m.time = p.at)
                      ORDER BY m.time DESC, m.kind = 'count' DESC, m.entry_id DESC
                      LIMIT 1) AS s
), books AS MATERIALIZED (
SELECT s.device_id, s.chemical_key, s.at, s.is_before_count, d.mass_g AS dosed_g, s.start_g + m.change_g - d.mass_g AS book_g,
       m.unknown + d.unknown AS unknown
  FROM started AS s
 CROSS JOIN LATERAL (SELECT coalesce(sum(e.change_g), 0) AS change_g,
                            count(*) FILTER (WHERE e.mass_g IS NULL) AS unknown
                       FROM material_entries AS e
                      WHERE e.device_id = s.device_id AND e.chemical_key = s.chemical_key
                        AND e.kind NOT IN ('count', 'drum_change') AND e.time >= s.since AND e.time <= s.at) AS m
 CROSS JOIN LATERAL tank_use(s.device_id, s.chemical_key, s.since, s.at + INTERVAL '1 microsecond') AS d
)
