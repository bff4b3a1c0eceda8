-- What each tank lost and used on each day of the plant, kept once the day is over: months of it are read, not reckoned. A day
-- is closed by close_tank_days two hours after its end, for the plant's time zone, and opened again by a reading that comes late, or an
-- entry of the ledger that is dated back. The days that are not closed are reckoned by the same function when a panel is read.
LOCK TABLE dosing_consumption, batch_events, inventory_levels IN SHARE ROW EXCLUSIVE MODE;

-- Mass in g of the stored doses and sums of a tank in [since, until), and the doses without a mass: as exact_dosing_sums, without
-- judging the doses.
CREATE FUNCTION stored_tank_use(of_station text, of_tank text, since timestamptz, until timestamptz)
RETURNS TABLE (mass_g double precision, unknown bigint) LANGUAGE sql STABLE AS $$
SELECT coalesce(sum(p.mass_g), 0), coalesce(sum(p.unknown), 0)::bigint
  FROM public.rollup_boundaries(since, until) AS e
 CROSS JOIN LATERAL (
       SELECT r.sum_actual_g AS mass_g, r.doses - r.n_actual AS unknown
         FROM public.dosing_rollup_6h AS r
        WHERE r.device_id = of_station AND public.fold_name(r.chemical) = of_tank
          AND r.bucket >= e.sixes_from AND r.bucket < e.sixes_to AND r.doses > 0
        UNION ALL
       SELECT r.sum_actual_g, r.doses - r.n_actual
         FROM public.dosing_rollup_15m AS r
        WHERE r.device_id = of_station AND public.fold_name(r.chemical) = of_tank
          AND r.bucket >= e.quarters_from AND r.bucket < e.sixes_from
        UNION ALL
       SELECT r.sum_actual_g, r.doses - r.n_actual
         FROM public.dosing_rollup_15m AS r
        WHERE r.device_id = of_station AND public.fold_name(r.chemical) = of_tank
          AND r.bucket >= e.sixes_to AND r.bucket < e.quarters_to
        UNION ALL
       SELECT coalesce(d.actual_g, 0), (d.actual_g IS NULL)::integer
         FROM public.dosing_consumption AS d
        WHERE d.device_id = of_station AND public.fold_name(d.chemical) = of_tank
          AND d.time >= since AND d.time < e.quarters_from
        UNION ALL
       SELECT coalesce(d.actual_g, 0), (d.actual_g IS NULL)::integer
         FROM public.dosing_consumption AS d
        WHERE d.device_id = of_station AND public.fold_name(d.chemical) = of_tank
          AND d.time >= e.quarters_to AND d.time < until) AS p
$$;

DO $$
DECLARE
    body CONSTANT text := pg_get_functiondef('public.tank_use(text, text, timestamptz, timestamptz)'::regprocedure);
    changed CONSTANT text := regexp_replace(body, 'SELECT coalesce\(sum\(s\.sum_actual_g\), 0\) AS mass_g,.*?= of_tank\) AS w',
        'SELECT s.mass_g, s.unknown FROM public.stored_tank_use(of_station, of_tank, c.whole_since, c.whole_until) AS s) AS w');
BEGIN
    IF changed = body THEN
        RAISE EXCEPTION 'the body of tank_use is not the known one';
    END IF;
    EXECUTE changed;
END $$;

-- The book of a tank at a time: the last count or drum change + what came in - what went out since, and the mass that was dosed since;
-- NULL where the doses are not known any more, no row without a start. is_before_count: the book that a count of that time is
-- compared with.
CREATE FUNCTION compute_tank_book(of_station text, of_tank text, at timestamptz, is_before_count boolean)
RETURNS TABLE (book_g double precision, dosed_g double precision, unknown bigint) LANGUAGE sql STABLE AS $$
SELECT s.mass_g + m.change_g - d.mass_g, d.mass_g, m.unknown + d.unknown
  FROM (SELECT e.mass_g, CASE WHEN e.kind = 'count' THEN e.time + INTERVAL '1 microsecond' ELSE e.time END AS since
          FROM public.material_entries AS e
         WHERE e.device_id = of_station AND e.chemical_key = of_tank
           AND e.kind IN ('count', 'drum_change') AND e.mass_g IS NOT NULL AND e.time <= at
           AND NOT (is_before_count AND e.kind = 'count' AND e.time = at)
         ORDER BY e.time DESC, e.kind = 'count' DESC, e.entry_id DESC
         LIMIT 1) AS s
 CROSS JOIN LATERAL (SELECT coalesce(sum(e.change_g), 0) AS change_g, count(*) FILTER (WHERE e.mass_g IS NULL) AS unknown
                       FROM public.material_entries AS e
                      WHERE e.device_id = of_station AND e.chemical_key = of_tank
                        AND e.kind NOT IN ('count', 'drum_change') AND e.time >= s.since AND e.time <= at) AS m
 CROSS JOIN LATERAL public.tank_use(of_station, of_tank, s.since, at + INTERVAL '1 microsecond') AS d
$$;

-- The books of these tanks, each of the station beside it, at the time beside it.
CREATE FUNCTION compute_tank_books(of_stations text[], of_tanks text[], times timestamptz[], are_before_counts boolean[])
RETURNS TABLE (device_id text, chemical_key text, is_before_count boolean, book_g double precision, dosed_g double precision,
               unknown bigint)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1
SET plan_cache_mode = force_generic_plan AS $$
BEGIN  -- not plain SQL: planned once in a session, not with each panel
RETURN QUERY
SELECT p.device_id, p.tank, p.is_before, b.book_g, b.dosed_g, b.unknown
  FROM unnest(of_stations, of_tanks, times, are_before_counts) AS p (device_id, tank, at, is_before)
 CROSS JOIN LATERAL compute_tank_book(p.device_id, p.tank, p.at, p.is_before) AS b;
END $$;

-- Of a tank and a day of the plant. A chemical without a level has its use only.
CREATE TABLE tank_days (
    device_id      text             NOT NULL,
    day            date             NOT NULL,
    chemical_key   text             NOT NULL,
    -- from the last level before the day to its last one; NULL where there is none
    start_g        double precision,
    added_g        double precision,
    removed_g      double precision,
    dosed_g        double precision,
    end_g          double precision,
    unexplained_g  double precision,
    unknown        bigint,           -- entries and doses without a mass
    count_gap_g    double precision,
    counted_as     text,             -- the chemical, as the day's counts call it; NULL: there are none
    -- of the doses between the day's midnights; NULL where there are none
    doses          bigint,
    n_actual       bigint,
    sum_actual_g   double precision,
    PRIMARY KEY (device_id, day, chemical_key)
);
-- The days of a station whose rows are all in tank_days, reckoned in this time zone.
CREATE TABLE closed_tank_days (
    device_id  text    NOT NULL,
    day        date    NOT NULL,
    zone       text    NOT NULL,
    has_counts boolean NOT NULL,  -- what came long before a day changes the book that its counts are compared with
    PRIMARY KEY (device_id, day)
);

-- What nothing explains (panels/stock_balance), of each of these stations on the day beside it, up to a time; of these tanks, or of
-- all (NULL).
CREATE FUNCTION count_tank_days(zone text, stop_at timestamptz, of_stations text[], of_days date[], of_tanks text[])
RETURNS TABLE (device_id text, day date, chemical_key text, start_g double precision, added_g double precision,
               removed_g double precision, dosed_g double precision, end_g double precision, unexplained_g double precision,
               unknown bigint, count_gap_g double precision, counted_as text)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1
-- one plan for a station and for ten thousand: these lists are hashed, and only what is LATERAL is looked up one by one
SET plan_cache_mode = force_generic_plan SET enable_nestloop = off SET jit = off AS $$
#variable_conflict use_column
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
), edges AS (
-- where a day ends the next one begins: one look for both
SELECT device_id, since AS at FROM asked
 UNION
SELECT device_id, until FROM asked
), last_levels AS MATERIALIZED (
SELECT e.at, t.device_id, t.chemical_key, t.spellings, l.time, l.remaining_g
  FROM edges AS e
  JOIN tanks AS t USING (device_id)
 CROSS JOIN LATERAL (SELECT n.time, n.remaining_g
                       FROM unnest(t.spellings) AS s (name)
                      CROSS JOIN LATERAL (SELECT l.time, l.remaining_g, l.received_at, l.dedup
                                            FROM inventory_levels AS l
                                           WHERE l.device_id = t.device_id AND l.chemical = s.name
                                             AND l.remaining_g IS NOT NULL
                                             AND l.time < e.at AND l.time >= e.at - INTERVAL '7 days'
                                           ORDER BY l.time DESC, l.received_at DESC, l.dedup DESC
                                           LIMIT 1) AS n
                      ORDER BY n.time DESC, n.received_at DESC, n.dedup DESC
                      LIMIT 1) AS l
), bounds AS MATERIALIZED (
SELECT n.day, b.device_id, b.chemical_key, b.spellings, a.time AS since, a.remaining_g AS start_g, b.time AS until,
       b.remaining_g AS end_g
  FROM asked AS n
  JOIN last_levels AS b ON b.device_id = n.device_id AND b.at = n.until AND b.time >= n.since
  JOIN last_levels AS a ON a.device_id = n.device_id AND a.at = n.since AND a.chemical_key = b.chemical_key
), moved AS (
SELECT b.*, d.mass_g AS dosed_g, e.added_g, e.removed_g, e.corrected_g, e.unknown + d.unknown AS unknown,
       e.may_have_risen, e.may_have_fallen, coalesce(g.drum_g, 0) AS drum_g
  FROM bounds AS b
 CROSS JOIN LATERAL stored_tank_use(b.device_id, b.chemical_key, b.since + INTERVAL '1 microsecond',
                                    b.until + INTERVAL '1 microsecond') AS d
 CROSS JOIN LATERAL (SELECT coalesce(sum(m.change_g) FILTER (WHERE m.kind IN ('delivery', 'refill')), 0) AS added_g,
                            coalesce(-sum(m.change_g) FILTER (WHERE m.kind IN ('prime', 'purge', 'waste')), 0) AS removed_g,
                            coalesce(sum(m.change_g) FILTER (WHERE m.kind = 'correction'), 0) AS corrected_g,
                            count(*) FILTER (WHERE m.mass_g IS NULL) AS unknown,
                            coalesce(bool_or(m.mass_g IS NULL AND m.kind IN ('delivery', 'refill', 'drum_change')), false)
                                AS may_have_risen,
                            coalesce(bool_or(m.mass_g IS NULL AND m.kind IN ('prime', 'purge', 'waste', 'drum_change')), false)
                                AS may_have_fallen,
                            coalesce(bool_or(m.kind = 'drum_change'), false) AS has_drum
                       FROM material_entries AS m
                      WHERE m.device_id = b.device_id AND m.chemical_key = b.chemical_key
                        AND m.time > b.since AND m.time <= b.until) AS e
  LEFT JOIN LATERAL (SELECT coalesce(sum(m.mass_g - l.remaining_g), 0) AS drum_g
                       FROM material_entries AS m
                      CROSS JOIN LATERAL (SELECT o.remaining_g
                                            FROM inventory_levels AS o
                                           WHERE o.device_id = b.device_id AND o.chemical = ANY (b.spellings)
                                             AND o.remaining_g IS NOT NULL AND o.time <= m.time
                                             AND o.time >= b.since
                                           ORDER BY o.time DESC, o.received_at DESC, o.dedup DESC
                                           LIMIT 1) AS l
                      WHERE m.device_id = b.device_id AND m.chemical_key = b.chemical_key AND m.kind = 'drum_change'
                        AND m.time > b.since AND m.time <= b.until) AS g ON e.has_drum
), points AS (
SELECT DISTINCT a.day, m.device_id, m.chemical_key, m.time AS at
  FROM asked AS a
  JOIN material_entries AS m ON m.device_id = a.device_id AND m.time >= a.since AND m.time < a.until
 WHERE m.kind = 'count' AND (of_tanks IS NULL OR m.chemical_key = ANY (of_tanks))
), counted AS (
SELECT p.day, p.device_id, p.chemical_key, min(c.chemical) AS counted_as,
       round(sum(c.mass_g - b.book_g)::numeric, 6)::float8 AS count_gap_g
  FROM points AS p
 CROSS JOIN LATERAL compute_tank_book(p.device_id, p.chemical_key, p.at, true) AS b
 CROSS JOIN LATERAL (SELECT e.chemical, e.mass_g
                       FROM material_entries AS e
                      WHERE e.device_id = p.device_id AND e.chemical_key = p.chemical_key AND e.kind = 'count'
                        AND e.time = p.at
                      ORDER BY e.entry_id DESC
                      LIMIT 1) AS c
 GROUP BY 1, 2, 3
), told AS (
SELECT m.day, m.device_id, m.chemical_key, m.start_g, m.added_g + m.drum_g AS added_g, m.removed_g, m.dosed_g, m.end_g, m.unknown,
       m.may_have_risen, m.may_have_fallen, m.corrected_g - m.removed_g AS told_g,
       round((m.end_g - m.start_g - m.added_g - m.drum_g + m.dosed_g)::numeric, 6)::float8 AS gap_g
  FROM moved AS m
)
SELECT device_id, day, chemical_key, t.start_g, t.added_g, t.removed_g, t.dosed_g, t.end_g,
       CASE WHEN t.gap_g > 0 AND t.may_have_risen OR t.gap_g < 0 AND t.may_have_fallen THEN NULL
            WHEN t.gap_g < 0 AND t.told_g < 0 THEN least(t.gap_g - t.told_g, 0)
            WHEN t.gap_g > 0 AND t.told_g > 0 THEN greatest(t.gap_g - t.told_g, 0)
            ELSE t.gap_g END,
       t.unknown, c.count_gap_g, c.counted_as
  FROM told AS t
  FULL JOIN counted AS c USING (day, device_id, chemical_key);
END $$;

-- What was dosed of each chemical, of each of these stations on the whole day beside it.
CREATE FUNCTION count_tank_uses(zone text, of_stations text[], of_days date[])
RETURNS TABLE (device_id text, day date, chemical_key text, doses bigint, n_actual bigint, sum_actual_g double precision)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1
SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
BEGIN
RETURN QUERY
SELECT a.device_id, a.day, fold_name(r.chemical), sum(r.doses)::bigint, sum(r.n_actual)::bigint, sum(r.sum_actual_g)
  FROM unnest(of_stations, of_days) AS a (device_id, day)
 CROSS JOIN LATERAL rollup_boundaries(day_start(a.day, zone), day_start(a.day + 1, zone)) AS e
 CROSS JOIN LATERAL (SELECT chemical, doses, n_actual, sum_actual_g
                       FROM dosing_rollup_6h
                      WHERE device_id = a.device_id AND bucket >= e.sixes_from AND bucket < e.sixes_to
                      UNION ALL
                     SELECT chemical, doses, n_actual, sum_actual_g
                       FROM dosing_rollup_15m
                      WHERE device_id = a.device_id AND bucket >= e.quarters_from AND bucket < e.sixes_from
                      UNION ALL
                     SELECT chemical, doses, n_actual, sum_actual_g
                       FROM dosing_rollup_15m
                      WHERE device_id = a.device_id AND bucket >= e.sixes_to AND bucket < e.quarters_to) AS r
 GROUP BY 1, 2, 3;
END $$;

-- Closes the oldest days of a station that are not closed, at most so many; returns how many. Readings of the station and entries of
-- the ledger wait meanwhile, so that none comes between. 0 also if somebody makes entries just now.
CREATE FUNCTION close_tank_days(of_station text, of_zone text, most integer) RETURNS integer
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
        RETURN 0;
    END IF;
    DELETE FROM tank_days AS t WHERE t.device_id = of_station AND t.day = ANY (days);
    INSERT INTO tank_days (device_id, day, chemical_key, start_g, added_g, removed_g, dosed_g, end_g, unexplained_g, unknown,
                           count_gap_g, counted_as, doses, n_actual, sum_actual_g)
    SELECT device_id, day, chemical_key, b.start_g, b.added_g, b.removed_g, b.dosed_g, b.end_g, b.unexplained_g, b.unknown,
           b.count_gap_g, b.counted_as, u.doses, u.n_actual, u.sum_actual_g
      FROM count_tank_days(of_zone, now(), stations, days, NULL) AS b
      FULL JOIN count_tank_uses(of_zone, stations, days) AS u USING (device_id, day, chemical_key)
     ORDER BY 1, 2, 3;
    INSERT INTO closed_tank_days (device_id, day, zone, has_counts)
    SELECT of_station, d.day, of_zone,
           EXISTS (SELECT FROM tank_days AS t WHERE t.device_id = of_station AND t.day = d.day AND t.counted_as IS NOT NULL)
      FROM unnest(days) AS d (day);
    RETURN cardinality(days);
END $$;

-- Opens the days that a reading or an entry of these times may change, of the station beside it: those around it, as a day ends
-- with its last level, and those whose counts are compared with a book. A day whose levels have been dropped stays as it is.
CREATE FUNCTION reopen_tank_days(of_stations text[], times timestamptz[]) RETURNS void
LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DELETE FROM closed_tank_days AS c
 USING (SELECT DISTINCT a.device_id, (a.at AT TIME ZONE 'UTC')::date AS day
          FROM unnest(of_stations, times) AS a (device_id, at)) AS n
 WHERE c.device_id = n.device_id AND c.day >= n.day - 1 AND (c.day <= n.day + 9 OR c.has_counts)
   AND NOT EXISTS (SELECT FROM dropped_readings AS x
                    WHERE x.table_name = 'inventory_levels'
                      AND x.spans && tstzrange((c.day - 8)::timestamp AT TIME ZONE 'UTC', (c.day + 2)::timestamp AT TIME ZONE 'UTC'))
$$;
REVOKE ALL ON FUNCTION close_tank_days(text, text, integer), reopen_tank_days(text[], timestamptz[]) FROM PUBLIC;

-- A reading is late for a closed day if it is older than an hour: a day is closed two hours after its end.
DO $$
DECLARE
    body CONSTANT text := pg_get_functiondef('public.keep_station_state()'::regprocedure);
    changed CONSTANT text := replace(replace(replace(body,
        'is_refused boolean;', 'is_refused boolean;' || chr(10) || '    oldest timestamptz;'),
        'SELECT bool_or(NOT is_sane) INTO is_refused FROM days;',
        'SELECT bool_or(NOT is_sane), min(since) INTO is_refused, oldest FROM days;'),
        '    END IF;' || chr(10) || '    RETURN NULL;', $new$    ELSIF oldest < now() - INTERVAL '1 hour' AND TG_TABLE_NAME <> 'batch_events' THEN
        PERFORM reopen_tank_days(array_agg(n.device_id), array_agg(n.at))
           FROM (SELECT DISTINCT device_id, date_bin('1 day', time, '2000-01-01 00:00:00+00') AS at
                   FROM new_rows WHERE time < now() - INTERVAL '1 hour') AS n;
    END IF;
    RETURN NULL;$new$);
BEGIN
    IF changed NOT LIKE '%oldest timestamptz%min(since)%reopen_tank_days%' THEN
        RAISE EXCEPTION 'the body of keep_station_state is not the known one';
    END IF;
    EXECUTE changed;
END $$;

DO $$
DECLARE
    body CONSTANT text := pg_get_functiondef('public.queue_batch_rebuild_by_materials()'::regprocedure);
    changed CONSTANT text := replace(body, '    RETURN NULL;', $new$    PERFORM reopen_tank_days(array_agg(n.device_id), array_agg(n.time))
       FROM new_rows AS n WHERE n.time < now() - INTERVAL '1 hour';
    RETURN NULL;$new$);
BEGIN
    IF changed = body THEN
        RAISE EXCEPTION 'the body of queue_batch_rebuild_by_materials is not the known one';
    END IF;
    EXECUTE changed;
END $$;

-- Levels that somebody changed or deleted by hand: every day is reckoned again.
CREATE FUNCTION reopen_all_tank_days() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    DELETE FROM closed_tank_days;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION reopen_all_tank_days() FROM PUBLIC;
CREATE TRIGGER reopen_all_tank_days AFTER UPDATE OR DELETE ON inventory_levels
    FOR EACH STATEMENT EXECUTE FUNCTION reopen_all_tank_days();

SELECT copy_dose_grants('public.tank_days, public.closed_tank_days',
    'EXECUTE ON FUNCTION public.close_tank_days(text, text, integer)');
