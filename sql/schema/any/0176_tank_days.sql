-- The functions of tanks' days whole, as any/0160, any/0171 and any/0174 left them by changing their text. No figure changes.

-- What nothing explains (panels/stock_balance), of each of these stations on the day beside it, up to a time; of these tanks, or of
-- all (NULL).
CREATE OR REPLACE FUNCTION count_tank_days(zone text, stop_at timestamptz, of_stations text[], of_days date[], of_tanks text[])
RETURNS TABLE (device_id text, day date, chemical_key text, start_g double precision, added_g double precision,
               removed_g double precision, dosed_g double precision, end_g double precision, unexplained_g double precision,
               unknown bigint, count_gap_g double precision, counted_as text, end_at timestamptz)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1
-- one plan for a station and for ten thousand: these lists are hashed, and only what is LATERAL is looked up one by one
SET plan_cache_mode = force_generic_plan SET enable_nestloop = off SET jit = off AS $$
#variable_conflict use_column
DECLARE
    -- a day begins with the last level before it
    oldest CONSTANT timestamptz := (SELECT day_start(min(d.day), zone) - INTERVAL '7 days' FROM unnest(of_days) AS d (day));
    newest CONSTANT timestamptz := (SELECT least(day_start(max(d.day) + 1, zone), stop_at) FROM unnest(of_days) AS d (day));
BEGIN
RETURN QUERY
WITH asked AS MATERIALIZED (
SELECT a.device_id, a.day, day_start(a.day, zone) AS since, least(day_start(a.day + 1, zone), stop_at) AS until
  FROM unnest(of_stations, of_days) AS a (device_id, day)
), tanks AS MATERIALIZED (
SELECT l.device_id, fold_name(l.chemical) AS chemical_key, array_agg(l.chemical) AS spellings
  FROM latest_inventory AS l
 WHERE l.device_id = ANY (of_stations) AND (of_tanks IS NULL OR fold_name(l.chemical) = ANY (of_tanks))
 GROUP BY 1, 2
), known AS MATERIALIZED (
-- a stored day ends with the level that the next one begins with
SELECT d.at, t.device_id, t.chemical_key, t.spellings, d.end_at AS time, d.end_g AS remaining_g
  FROM (SELECT a.device_id, a.since AS at, o.chemical_key, o.end_at, o.end_g
          FROM asked AS a
         CROSS JOIN LATERAL (SELECT k.chemical_key, k.end_at, k.end_g
                               FROM tank_days AS k
                              WHERE k.device_id = a.device_id AND k.day = a.day - 1 AND k.end_at IS NOT NULL
                                AND EXISTS (SELECT FROM closed_tank_days AS c
                                             WHERE c.device_id = a.device_id AND c.day = a.day - 1
                                               AND c.zone = count_tank_days.zone)
                             OFFSET 0) AS o
        OFFSET 0) AS d
  JOIN tanks AS t USING (device_id, chemical_key)
), edges AS (
-- where a day ends the next one begins: one look for both
SELECT n.at, t.device_id, t.chemical_key, t.spellings
  FROM (SELECT device_id, since AS at FROM asked
         UNION
        SELECT device_id, until FROM asked) AS n
  JOIN tanks AS t USING (device_id)
 WHERE NOT EXISTS (SELECT FROM known AS k WHERE k.device_id = t.device_id AND k.chemical_key = t.chemical_key AND k.at = n.at)
), last_levels AS MATERIALIZED (
SELECT k.at, k.device_id, k.chemical_key, k.spellings, k.time, k.remaining_g FROM known AS k
 UNION ALL
SELECT e.at, e.device_id, e.chemical_key, e.spellings, l.time, l.remaining_g
  FROM edges AS e
 CROSS JOIN LATERAL (SELECT n.time, n.remaining_g
                       FROM unnest(e.spellings) AS s (name)
                      CROSS JOIN LATERAL (SELECT o.time, o.remaining_g, o.received_at, o.dedup
                                            FROM inventory_levels AS o
                                           WHERE o.device_id = e.device_id AND o.chemical = s.name AND o.remaining_g IS NOT NULL
                                             AND o.time < e.at AND o.time >= e.at - INTERVAL '7 days'
                                             AND o.time >= oldest AND o.time < newest
                                           ORDER BY o.time DESC  -- by the index; the rest of the order is of the few rows of one time
                                           FETCH FIRST 1 ROW WITH TIES) AS n
                      ORDER BY n.time DESC, n.received_at DESC, n.dedup DESC
                      LIMIT 1) AS l
), bounds AS MATERIALIZED (
SELECT n.day, b.device_id, b.chemical_key, b.spellings, a.time AS since, a.remaining_g AS start_g, b.time AS until,
       b.remaining_g AS end_g
  FROM asked AS n
  JOIN last_levels AS b ON b.device_id = n.device_id AND b.at = n.until AND b.time >= n.since
  JOIN last_levels AS a ON a.device_id = n.device_id AND a.at = n.since AND a.chemical_key = b.chemical_key
), cuts AS MATERIALIZED (
SELECT b.*, r.quarters_from, r.sixes_from, r.sixes_to, r.quarters_to
  FROM bounds AS b
 CROSS JOIN LATERAL (SELECT c.*
                       FROM rollup_boundaries(b.since + INTERVAL '1 microsecond', b.until + INTERVAL '1 microsecond') AS c
                     OFFSET 0) AS r
), single AS MATERIALIZED (
-- the doses of the quarters of an hour that are cut, of all tanks of a station at once
SELECT q.device_id, q.quarter, fold_name(d.chemical) AS chemical_key, d.time, d.actual_g
  FROM (SELECT device_id, quarters_from - INTERVAL '15 minutes' AS quarter FROM cuts
         UNION
        SELECT device_id, quarters_to FROM cuts) AS q
 CROSS JOIN LATERAL (SELECT o.chemical, o.time, o.actual_g
                       FROM dosing_consumption AS o
                      WHERE o.device_id = q.device_id AND o.time >= q.quarter AND o.time < q.quarter + INTERVAL '15 minutes'
                        AND o.time >= oldest AND o.time < newest
                     OFFSET 0) AS d
), cut_uses AS (
SELECT c.day, c.device_id, c.chemical_key, sum(coalesce(s.actual_g, 0)) AS mass_g, count(*) FILTER (WHERE s.actual_g IS NULL) AS unknown
  FROM cuts AS c
  JOIN single AS s USING (device_id, chemical_key)
 WHERE s.quarter = c.quarters_from - INTERVAL '15 minutes' AND s.time > c.since AND s.time < c.quarters_from
    OR s.quarter = c.quarters_to AND s.time >= c.quarters_to AND s.time <= c.until
 GROUP BY 1, 2, 3
), entries AS MATERIALIZED (
SELECT c.day, c.device_id, c.chemical_key, c.spellings, c.since, m.time, m.kind, m.mass_g, m.change_g
  FROM cuts AS c
  JOIN material_entries AS m
    ON m.device_id = c.device_id AND m.chemical_key = c.chemical_key AND m.time > c.since AND m.time <= c.until
 WHERE m.time >= oldest AND m.time < newest
), entered AS (
SELECT m.day, m.device_id, m.chemical_key,
       coalesce(sum(m.change_g) FILTER (WHERE m.kind IN ('delivery', 'refill')), 0) AS added_g,
       coalesce(-sum(m.change_g) FILTER (WHERE m.kind IN ('prime', 'purge', 'waste')), 0) AS removed_g,
       coalesce(sum(m.change_g) FILTER (WHERE m.kind = 'correction'), 0) AS corrected_g,
       count(*) FILTER (WHERE m.mass_g IS NULL) AS unknown,
       bool_or(m.mass_g IS NULL AND m.kind IN ('delivery', 'refill', 'drum_change')) AS may_have_risen,
       bool_or(m.mass_g IS NULL AND m.kind IN ('prime', 'purge', 'waste', 'drum_change')) AS may_have_fallen
  FROM entries AS m
 GROUP BY 1, 2, 3
), drums AS (
SELECT m.day, m.device_id, m.chemical_key, sum(m.mass_g - l.remaining_g) AS drum_g
  FROM entries AS m
 CROSS JOIN LATERAL (SELECT n.remaining_g
                       FROM unnest(m.spellings) AS s (name)
                      CROSS JOIN LATERAL (SELECT o.time, o.remaining_g, o.received_at, o.dedup
                                            FROM inventory_levels AS o
                                           WHERE o.device_id = m.device_id AND o.chemical = s.name AND o.remaining_g IS NOT NULL
                                             AND o.time <= m.time AND o.time >= m.since AND o.time >= oldest AND o.time < newest
                                           ORDER BY o.time DESC
                                           FETCH FIRST 1 ROW WITH TIES) AS n
                      ORDER BY n.time DESC, n.received_at DESC, n.dedup DESC
                      LIMIT 1) AS l
 WHERE m.kind = 'drum_change'
 GROUP BY 1, 2, 3
), moved AS (
SELECT b.*, w.mass_g + coalesce(u.mass_g, 0) AS dosed_g, coalesce(e.added_g, 0) AS added_g,
       coalesce(e.removed_g, 0) AS removed_g, coalesce(e.corrected_g, 0) AS corrected_g,
       coalesce(e.unknown, 0) + w.unknown + coalesce(u.unknown, 0) AS unknown, coalesce(e.may_have_risen, false) AS may_have_risen,
       coalesce(e.may_have_fallen, false) AS may_have_fallen, coalesce(g.drum_g, 0) AS drum_g
  FROM cuts AS b
  LEFT JOIN cut_uses AS u USING (day, device_id, chemical_key)
 CROSS JOIN LATERAL (SELECT coalesce(sum(p.mass_g), 0) AS mass_g, coalesce(sum(p.unknown), 0)::bigint AS unknown
                       FROM (SELECT r.sum_actual_g AS mass_g, r.doses - r.n_actual AS unknown
                               FROM dosing_rollup_6h AS r
                              WHERE b.sixes_from < b.sixes_to AND r.device_id = b.device_id AND fold_name(r.chemical) = b.chemical_key
                                AND r.bucket >= b.sixes_from AND r.bucket < b.sixes_to AND r.doses > 0
                              UNION ALL
                             SELECT r.sum_actual_g, r.doses - r.n_actual
                               FROM dosing_rollup_15m AS r
                              WHERE b.quarters_from < b.sixes_from AND r.device_id = b.device_id AND fold_name(r.chemical) = b.chemical_key
                                AND r.bucket >= b.quarters_from AND r.bucket < b.sixes_from
                              UNION ALL
                             SELECT r.sum_actual_g, r.doses - r.n_actual
                               FROM dosing_rollup_15m AS r
                              WHERE b.sixes_to < b.quarters_to AND r.device_id = b.device_id AND fold_name(r.chemical) = b.chemical_key
                                AND r.bucket >= b.sixes_to AND r.bucket < b.quarters_to) AS p) AS w
  LEFT JOIN entered AS e USING (day, device_id, chemical_key)
  LEFT JOIN drums AS g USING (day, device_id, chemical_key)
), points AS (
SELECT DISTINCT a.day, m.device_id, m.chemical_key, m.time AS at
  FROM asked AS a
  JOIN material_entries AS m ON m.device_id = a.device_id AND m.time >= a.since AND m.time < a.until
 WHERE m.kind = 'count' AND m.time >= oldest AND m.time < newest AND (of_tanks IS NULL OR m.chemical_key = ANY (of_tanks))
), counted AS (
SELECT p.day, p.device_id, p.chemical_key, min(c.chemical) AS counted_as,
       round(sum(c.mass_g - b.book_g)::numeric, 6)::float8 AS count_gap_g
  FROM (SELECT array_agg(device_id) AS stations, array_agg(chemical_key) AS tanks, array_agg(at) AS times, array_agg(true) AS are_before
          FROM points) AS q
 CROSS JOIN LATERAL compute_tank_books(q.stations, q.tanks, q.times, q.are_before) AS b
  JOIN points AS p ON p.device_id = b.device_id AND p.chemical_key = b.chemical_key AND p.at = b.at
 CROSS JOIN LATERAL (SELECT e.chemical, e.mass_g
                       FROM material_entries AS e
                      WHERE e.device_id = p.device_id AND e.chemical_key = p.chemical_key AND e.kind = 'count'
                        AND e.time = p.at
                      ORDER BY e.entry_id DESC
                      LIMIT 1) AS c
 GROUP BY 1, 2, 3
), told AS (
SELECT m.day, m.device_id, m.chemical_key, m.start_g, m.added_g + m.drum_g AS added_g, m.removed_g, m.dosed_g, m.end_g, m.unknown,
       m.may_have_risen, m.may_have_fallen, m.corrected_g - m.removed_g AS told_g, m.until AS end_at,
       round((m.end_g - m.start_g - m.added_g - m.drum_g + m.dosed_g)::numeric, 6)::float8 AS gap_g
  FROM moved AS m
)
SELECT device_id, day, chemical_key, t.start_g, t.added_g, t.removed_g, t.dosed_g, t.end_g,
       CASE WHEN t.gap_g > 0 AND t.may_have_risen OR t.gap_g < 0 AND t.may_have_fallen THEN NULL
            WHEN t.gap_g < 0 AND t.told_g < 0 THEN least(t.gap_g - t.told_g, 0)
            WHEN t.gap_g > 0 AND t.told_g > 0 THEN greatest(t.gap_g - t.told_g, 0)
            ELSE t.gap_g END,
       t.unknown, c.count_gap_g, c.counted_as, t.end_at
  FROM told AS t
  FULL JOIN counted AS c USING (day, device_id, chemical_key);
END $$;

-- Closes the oldest days of a station that are not closed, at most so many; returns how many. Readings of the station and entries of
-- the ledger wait meanwhile, so that none comes between. 0 also if somebody makes entries just now.
CREATE OR REPLACE FUNCTION close_tank_days(of_station text, of_zone text, most integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    days date[];
    stations text[];
BEGIN
    PERFORM FROM device_last_seen AS s WHERE s.device_id = of_station FOR UPDATE;
    PERFORM FROM process_locks AS p WHERE p.name = 'audit_trail' FOR UPDATE SKIP LOCKED;
    IF NOT FOUND THEN
        RETURN 0;
    END IF;
    DELETE FROM closed_tank_days AS c WHERE c.device_id = of_station AND c.zone <> of_zone;
    SELECT array_agg(o.day), array_agg(of_station) INTO days, stations
      FROM (SELECT d.day::date
              FROM generate_series(
                       (SELECT greatest(
                           least((SELECT min(r.bucket) FROM dosing_rollup_6h AS r WHERE r.device_id = of_station),
                                 (SELECT min(m.time) FROM material_entries AS m WHERE m.device_id = of_station),
                                 (SELECT min(lower(p.span)) FROM reading_parts AS p WHERE p.table_name = 'inventory_levels')),
                           (SELECT upper(range_merge(x.spans)) FROM dropped_readings AS x WHERE x.table_name = 'sums'),
                           '2020-01-01 00:00:00+00')
                           AT TIME ZONE of_zone)::date::timestamp,
                       (now() - INTERVAL '26 hours') AT TIME ZONE of_zone, INTERVAL '1 day') AS d (day)
             WHERE NOT EXISTS (SELECT FROM closed_tank_days AS c WHERE c.device_id = of_station AND c.day = d.day::date)
               AND day_start(d.day::date + 1, of_zone) <= now() - INTERVAL '2 hours'
             ORDER BY d.day
             LIMIT most) AS o;
    IF days IS NULL THEN
        PERFORM close_tank_books(of_station);
        RETURN 0;
    END IF;
    DELETE FROM tank_days AS t WHERE t.device_id = of_station AND t.day = ANY (days);
    INSERT INTO tank_days (device_id, day, chemical_key, start_g, added_g, removed_g, dosed_g, end_g, unexplained_g, unknown,
                           count_gap_g, counted_as, end_at, doses, n_actual, sum_actual_g)
    SELECT device_id, day, chemical_key, b.start_g, b.added_g, b.removed_g, b.dosed_g, b.end_g, b.unexplained_g, b.unknown,
           b.count_gap_g, b.counted_as, b.end_at, u.doses, u.n_actual, u.sum_actual_g
      FROM count_tank_days(of_zone, now(), stations, days, NULL) AS b
      FULL JOIN count_tank_uses(of_zone, stations, days) AS u USING (device_id, day, chemical_key)
     ORDER BY 1, 2, 3;
    INSERT INTO closed_tank_days (device_id, day, zone, has_counts)
    SELECT of_station, d.day, of_zone,
           EXISTS (SELECT FROM tank_days AS t WHERE t.device_id = of_station AND t.day = d.day AND t.counted_as IS NOT NULL)
      FROM unnest(days) AS d (day);
    RETURN cardinality(days);
END $$;
