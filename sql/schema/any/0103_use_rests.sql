-- Sums of doses are kept by whole buckets. What was dosed between an entry and the next bucket is kept beside them, before
-- retention drops the doses: the book of a tank and the use of a tube stay what they were.
CREATE TABLE tank_use_rests (
    device_id    text             NOT NULL,
    chemical_key text             NOT NULL,
    since        timestamptz      NOT NULL,  -- to the end of its 15 minutes
    mass_g       double precision NOT NULL,
    unknown      bigint           NOT NULL,  -- doses without a mass
    PRIMARY KEY (device_id, chemical_key, since)
);
CREATE TABLE pump_use_rests (
    device_id text             NOT NULL,
    pump      integer          NOT NULL,
    since     timestamptz      NOT NULL,  -- to the end of its six hours
    mass_g    double precision NOT NULL,
    run_ms    bigint           NOT NULL,
    PRIMARY KEY (device_id, pump, since)
);

-- Keeps the rests of all entries whose doses are still stored. Called before anything drops doses.
CREATE FUNCTION keep_use_rests() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    dropped CONSTANT tstzmultirange := (SELECT d.spans FROM dropped_readings AS d WHERE d.table_name = 'dosing_consumption');
BEGIN
    INSERT INTO tank_use_rests AS t
    SELECT e.device_id, e.chemical_key, e.since, r.mass_g, r.unknown
      FROM (SELECT DISTINCT m.device_id, m.chemical_key,
                   CASE m.kind WHEN 'drum_change' THEN m.time ELSE m.time + INTERVAL '1 microsecond' END AS since
              FROM material_entries AS m) AS e
     CROSS JOIN LATERAL (SELECT coalesce(sum(d.actual_g), 0) AS mass_g, count(*) FILTER (WHERE d.actual_g IS NULL) AS unknown
                           FROM dosing_consumption AS d
                          WHERE d.device_id = e.device_id AND fold_name(d.chemical) = e.chemical_key
                            AND d.time >= e.since AND d.time < next_bucket_start('15 minutes', e.since)) AS r
     WHERE e.since < now() AND NOT e.since <@ dropped
     ORDER BY 1, 2, 3
        ON CONFLICT (device_id, chemical_key, since) DO UPDATE SET mass_g = excluded.mass_g, unknown = excluded.unknown
     WHERE (t.mass_g, t.unknown) IS DISTINCT FROM (excluded.mass_g, excluded.unknown);
    INSERT INTO pump_use_rests AS t
    SELECT e.device_id, e.pump, e.at, r.mass_g, r.run_ms
      FROM (SELECT DISTINCT s.device_id, s.pump, s.at FROM service_log AS s WHERE s.kind = 'tube change') AS e
     CROSS JOIN LATERAL (SELECT coalesce(sum(d.actual_g), 0) AS mass_g,
                                coalesce(sum(plausible_duration_ms(d.duration_ms)), 0)::bigint AS run_ms
                           FROM dosing_consumption AS d
                          WHERE d.device_id = e.device_id AND d.pump = e.pump
                            AND d.time >= e.at AND d.time < next_bucket_start('6 hours', e.at)) AS r
     WHERE e.at < now() AND NOT e.at <@ dropped
     ORDER BY 1, 2, 3
        ON CONFLICT (device_id, pump, since) DO UPDATE SET mass_g = excluded.mass_g, run_ms = excluded.run_ms
     WHERE (t.mass_g, t.run_ms) IS DISTINCT FROM (excluded.mass_g, excluded.run_ms);
END $$;
REVOKE ALL ON FUNCTION keep_use_rests() FROM PUBLIC;

-- Mass in g that was dosed from a tank in [since, until), which are now or times of entries, and the doses without a mass. NULL where
-- it is not known any more: sums were deleted, or no rest was kept.
CREATE FUNCTION tank_use(of_station text, of_tank text, since timestamptz, until timestamptz)
RETURNS TABLE (mass_g double precision, unknown bigint) LANGUAGE sql STABLE AS $$
SELECT w.mass_g + r.mass_g - b.mass_g, w.unknown + r.unknown - b.unknown
  FROM (SELECT since <@ d.spans AS is_start_gone, until <@ d.spans AS is_end_gone,
               CASE WHEN since <@ d.spans THEN public.next_bucket_start('15 minutes', since) ELSE since END AS whole_since,
               CASE WHEN until <@ d.spans THEN public.next_bucket_start('15 minutes', until) ELSE until END AS whole_until,
               EXISTS (SELECT FROM public.dropped_readings AS s WHERE s.table_name = 'sums' AND since <@ s.spans) AS is_deleted
          FROM public.dropped_readings AS d
         WHERE d.table_name = 'dosing_consumption') AS c
 CROSS JOIN LATERAL (SELECT coalesce(sum(s.sum_actual_g), 0) AS mass_g,
                            coalesce(sum(s.doses - s.n_actual), 0)::bigint AS unknown
                       FROM public.dosing_sums(c.whole_since, c.whole_until, ARRAY[of_station]) AS s
                      WHERE public.fold_name(s.chemical) = of_tank) AS w
  LEFT JOIN LATERAL (SELECT 0::double precision AS mass_g, 0::bigint AS unknown
                      WHERE NOT c.is_start_gone OR c.whole_since = tank_use.since
                      UNION ALL
                     SELECT t.mass_g, t.unknown FROM public.tank_use_rests AS t
                      WHERE c.is_start_gone AND c.whole_since <> tank_use.since
                        AND (t.device_id, t.chemical_key, t.since) = (of_station, of_tank, tank_use.since)) AS r
    ON NOT c.is_deleted
  LEFT JOIN LATERAL (SELECT 0::double precision AS mass_g, 0::bigint AS unknown
                      WHERE NOT c.is_end_gone OR c.whole_until = tank_use.until
                      UNION ALL
                     SELECT t.mass_g, t.unknown FROM public.tank_use_rests AS t
                      WHERE c.is_end_gone AND c.whole_until <> tank_use.until
                        AND (t.device_id, t.chemical_key, t.since) = (of_station, of_tank, tank_use.until)) AS b ON true
$$;

-- What went through a tube begins with the rest of the six hours of its change.
DO $$
DECLARE
    body CONSTANT text := pg_get_functiondef('public.pump_service_states(timestamptz)'::regprocedure);
    known CONSTANT text := 'UNION ALL  -- the rest of the six hours of the change';
BEGIN
    IF strpos(body, known) = 0 THEN
        RAISE EXCEPTION 'the body of pump_service_states(timestamptz) is not the known one';
    END IF;
    EXECUTE replace(body, known, $new$UNION ALL  -- of doses that were dropped
               SELECT r.mass_g, r.run_ms
                 FROM public.pump_use_rests AS r
                WHERE r.device_id = d.device_id AND r.pump = d.pump AND r.since = d.tube_at
                  AND r.since <@ (SELECT x.spans FROM public.dropped_readings AS x WHERE x.table_name = 'dosing_consumption')
                $new$ || known);
END $$;

SELECT copy_dose_grants('public.tank_use_rests, public.pump_use_rests', VARIADIC '{}');
