-- The book of each tank up to some hours ago, kept: the doses of months since a count are then one row, and only the last hours'
-- are looked up. Maintenance stores them with the days of tanks (close_tank_days), up to the last quarter of an hour that was over
-- two hours before. A reading that comes late, or an entry that is dated back, deletes those of its station until the next time.
-- A book that is not stored is reckoned from its start, by the same function: storing it makes a panel quick, and changes no figure.
LOCK TABLE dosing_consumption, batch_events, inventory_levels IN SHARE ROW EXCLUSIVE MODE;

CREATE TABLE closed_tank_books (
    device_id      text             NOT NULL,
    chemical_key   text             NOT NULL,
    start_id       bigint           NOT NULL,  -- the count or drum change from which on
    until          timestamptz      NOT NULL,  -- to which whole 15 minutes
    mass_g         double precision NOT NULL,  -- this was dosed,
    unknown        bigint           NOT NULL,  -- and so many doses without a mass
    -- the last count before, and the book that it is compared with; NULL where there is none
    counted_at     timestamptz,
    before_since   timestamptz,
    before_book_g  double precision,
    before_dosed_g double precision,
    before_unknown bigint,
    PRIMARY KEY (device_id, chemical_key)
) WITH (fillfactor = 70);

-- As stored_tank_use, of single doses of [oldest, newest) only: all, to a caller that knows that the cut ends of the range lie there.
-- TimescaleDB then leaves the other chunks out once, and does not go through all of them for each tank.
CREATE FUNCTION stored_tank_use(of_station text, of_tank text, since timestamptz, until timestamptz, oldest timestamptz,
                                newest timestamptz)
RETURNS TABLE (mass_g double precision, unknown bigint) LANGUAGE sql STABLE AS $$
SELECT coalesce(sum(p.mass_g), 0), coalesce(sum(p.unknown), 0)::bigint
  FROM (SELECT b.* FROM public.rollup_boundaries(since, until) AS b OFFSET 0) AS e  -- reckoned once, not in each condition
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
          AND d.time >= since AND d.time < e.quarters_from AND d.time >= oldest AND d.time < newest
        UNION ALL
       SELECT coalesce(d.actual_g, 0), (d.actual_g IS NULL)::integer
         FROM public.dosing_consumption AS d
        WHERE d.device_id = of_station AND public.fold_name(d.chemical) = of_tank
          AND d.time >= e.quarters_to AND d.time < until AND d.time >= oldest AND d.time < newest) AS p
$$;

CREATE OR REPLACE FUNCTION stored_tank_use(of_station text, of_tank text, since timestamptz, until timestamptz)
RETURNS TABLE (mass_g double precision, unknown bigint) LANGUAGE sql STABLE AS $$
SELECT u.mass_g, u.unknown FROM public.stored_tank_use(of_station, of_tank, since, until, '-infinity', 'infinity') AS u
$$;

-- The books of these tanks, each of the station beside it, at the time beside it: the last count or drum change + what came in - what
-- went out since then, and the mass that was dosed since; NULL where the doses are not known any more, no row without a start.
-- Before a count: the book that a count of that time is compared with.
DROP FUNCTION compute_tank_books(text[], text[], timestamptz[], boolean[]);
CREATE FUNCTION compute_tank_books(of_stations text[], of_tanks text[], times timestamptz[], are_before_counts boolean[])
RETURNS TABLE (device_id text, chemical_key text, at timestamptz, is_before_count boolean, since timestamptz,
               book_g double precision, dosed_g double precision, unknown bigint)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1
SET plan_cache_mode = force_generic_plan SET enable_nestloop = off SET jit = off AS $$
DECLARE
    newest CONSTANT timestamptz := (SELECT max(t.at) + INTERVAL '1 microsecond' FROM unnest(times) AS t (at));
    -- single doses of the last day are looked for there alone, if none of them was dropped
    oldest CONSTANT timestamptz := CASE
        WHEN EXISTS (SELECT FROM dropped_readings AS d
                      WHERE d.table_name IN ('dosing_consumption', 'sums')
                        AND d.spans && tstzrange(newest - INTERVAL '1 day', newest)) THEN 'infinity'
        ELSE newest - INTERVAL '1 day' END;
    deleted CONSTANT tstzmultirange := (SELECT d.spans FROM dropped_readings AS d WHERE d.table_name = 'sums');
BEGIN  -- not plain SQL: planned once in a session, not with each panel
RETURN QUERY
WITH asked AS MATERIALIZED (
SELECT p.device_id, p.tank, p.at, p.is_before, k.start_id, k.until, k.mass_g, k.unknown,
       p.is_before AND p.at = k.counted_at AND NOT k.before_since <@ deleted AS is_stored,
       k.before_since, k.before_book_g, k.before_dosed_g, k.before_unknown
  FROM unnest(of_stations, of_tanks, times, are_before_counts) AS p (device_id, tank, at, is_before)
  LEFT JOIN closed_tank_books AS k ON k.device_id = p.device_id AND k.chemical_key = p.tank
), started AS MATERIALIZED (
SELECT a.device_id, a.tank, a.at, a.is_before, s.mass_g, s.since, m.change_g, m.unknown,
       CASE WHEN c.is_closed THEN a.mass_g ELSE 0 END AS closed_g, CASE WHEN c.is_closed THEN a.unknown ELSE 0 END AS closed_unknown,
       CASE WHEN c.is_closed THEN a.until ELSE s.since END AS open_since
  FROM asked AS a
 CROSS JOIN LATERAL (SELECT e.entry_id, e.mass_g,
                            CASE WHEN e.kind = 'count' THEN e.time + INTERVAL '1 microsecond' ELSE e.time END AS since
                       FROM material_entries AS e
                      WHERE e.device_id = a.device_id AND e.chemical_key = a.tank
                        AND e.kind IN ('count', 'drum_change') AND e.mass_g IS NOT NULL AND e.time <= a.at
                        AND NOT (a.is_before AND e.kind = 'count' AND e.time = a.at)
                      ORDER BY e.time DESC, e.kind = 'count' DESC, e.entry_id DESC
                      LIMIT 1) AS s
 CROSS JOIN LATERAL (SELECT coalesce(sum(e.change_g), 0) AS change_g, count(*) FILTER (WHERE e.mass_g IS NULL) AS unknown
                       FROM material_entries AS e
                      WHERE e.device_id = a.device_id AND e.chemical_key = a.tank
                        AND e.kind NOT IN ('count', 'drum_change') AND e.time >= s.since AND e.time <= a.at) AS m
 CROSS JOIN LATERAL (SELECT coalesce(a.start_id = s.entry_id AND a.until >= oldest AND a.until <= a.at
                                     AND NOT s.since <@ deleted, false) AS is_closed) AS c
 WHERE a.is_stored IS NOT TRUE
), used AS (
SELECT s.device_id, s.tank, s.at, s.is_before, s.since, s.mass_g + s.change_g AS moved_g, s.closed_g + u.mass_g AS dosed_g,
       s.unknown + s.closed_unknown + u.unknown AS unknown
  FROM started AS s
 CROSS JOIN LATERAL stored_tank_use(s.device_id, s.tank, s.open_since, s.at + INTERVAL '1 microsecond', oldest, newest) AS u
 WHERE s.open_since >= oldest
 UNION ALL
SELECT s.device_id, s.tank, s.at, s.is_before, s.since, s.mass_g + s.change_g, u.mass_g, s.unknown + u.unknown
  FROM started AS s
 CROSS JOIN LATERAL tank_use(s.device_id, s.tank, s.since, s.at + INTERVAL '1 microsecond') AS u
 WHERE s.open_since < oldest
)
SELECT u.device_id, u.tank, u.at, u.is_before, u.since, u.moved_g - u.dosed_g, u.dosed_g, u.unknown FROM used AS u
 UNION ALL
SELECT a.device_id, a.tank, a.at, true, a.before_since, a.before_book_g, a.before_dosed_g, a.before_unknown
  FROM asked AS a
 WHERE a.is_stored;
END $$;
DROP FUNCTION compute_tank_book(text, text, timestamptz, boolean);

-- Stores the books of a station's tanks anew. Called by close_tank_days, which keeps readings and entries from coming between.
CREATE FUNCTION close_tank_books(of_station text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    over CONSTANT timestamptz := date_bin('15 minutes', now() - INTERVAL '2 hours', '2000-01-01 00:00:00+00');
BEGIN
    DELETE FROM closed_tank_books AS k WHERE k.device_id = of_station;
    INSERT INTO closed_tank_books (device_id, chemical_key, start_id, until, mass_g, unknown, counted_at, before_since,
                                   before_book_g, before_dosed_g, before_unknown)
    WITH starts AS MATERIALIZED (
        SELECT DISTINCT ON (m.chemical_key) m.chemical_key, m.entry_id,
               CASE WHEN m.kind = 'count' THEN m.time + INTERVAL '1 microsecond' ELSE m.time END AS since
          FROM material_entries AS m
         WHERE m.device_id = of_station AND m.kind IN ('count', 'drum_change') AND m.mass_g IS NOT NULL AND m.time < over
         ORDER BY m.chemical_key, m.time DESC, m.kind = 'count' DESC, m.entry_id DESC
    ), counts AS MATERIALIZED (
        SELECT m.chemical_key, max(m.time) AS at
          FROM material_entries AS m
         WHERE m.device_id = of_station AND m.kind = 'count' AND m.time < over
         GROUP BY 1
    ), compared AS (
        SELECT b.chemical_key, b.at, b.since, b.book_g, b.dosed_g, b.unknown
          FROM (SELECT array_agg(of_station) AS stations, array_agg(n.chemical_key) AS tanks, array_agg(n.at) AS times,
                       array_agg(true) AS are_before
                  FROM counts AS n) AS asked
         CROSS JOIN LATERAL compute_tank_books(asked.stations, asked.tanks, asked.times, asked.are_before) AS b
         WHERE b.book_g IS NOT NULL
    )
    SELECT of_station, s.chemical_key, s.entry_id, over, u.mass_g, u.unknown, c.at, c.since, c.book_g, c.dosed_g, c.unknown
      FROM starts AS s
     CROSS JOIN LATERAL tank_use(of_station, s.chemical_key, s.since, over) AS u
      LEFT JOIN compared AS c USING (chemical_key)
     WHERE u.mass_g IS NOT NULL
     ORDER BY s.chemical_key;
END $$;
REVOKE ALL ON FUNCTION close_tank_books(text) FROM PUBLIC;

DO $$
DECLARE
    closing CONSTANT text := pg_get_functiondef('public.close_tank_days(text, text, integer)'::regprocedure);
    closing_both CONSTANT text := replace(closing, 'IF days IS NULL THEN' || chr(10),
        'IF days IS NULL THEN' || chr(10) || '        PERFORM close_tank_books(of_station);' || chr(10));
    opening CONSTANT text := pg_get_functiondef('public.reopen_tank_days(text[], timestamptz[])'::regprocedure);
    opening_both CONSTANT text := replace(opening, 'DELETE FROM closed_tank_days AS c',
        'DELETE FROM closed_tank_books AS k' || chr(10) || ' USING unnest(of_stations, times) AS a (device_id, at)' || chr(10)
        || ' WHERE k.device_id = a.device_id AND k.until > a.at;' || chr(10) || 'DELETE FROM closed_tank_days AS c');
BEGIN
    IF closing_both = closing OR opening_both = opening THEN
        RAISE EXCEPTION 'the body of close_tank_days or reopen_tank_days is not the known one';
    END IF;
    EXECUTE closing_both;
    EXECUTE opening_both;
END $$;

SELECT copy_dose_grants('public.closed_tank_books', VARIADIC '{}');
