-- A station's event without a chemical is about the one that its pump had dosed when it happened, not about the one it
-- dosed last: the event may come hours late. Without a dose in the week before it, the pump's targets say it.
CREATE FUNCTION find_pump_chemical(of_station text, of_pump integer, at timestamptz) RETURNS text
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
SELECT coalesce((SELECT d.chemical
                   FROM dosing_consumption AS d
                  WHERE d.device_id = of_station AND d.pump = of_pump
                    AND d.time <= at AND d.time > at - INTERVAL '7 days'
                    AND EXISTS (SELECT FROM pump_targets AS t WHERE t.device_id = of_station AND t.pump = of_pump)
                  ORDER BY d.time DESC, d.dedup DESC
                  LIMIT 1),
                (SELECT t.chemical
                   FROM pump_targets AS t
                  WHERE t.device_id = of_station AND t.pump = of_pump
                  ORDER BY t.first_at <= at DESC, CASE WHEN t.first_at <= at THEN least(t.last_at, at) END DESC,
                           t.first_at, t.chemical
                  LIMIT 1))
$$;
REVOKE ALL ON FUNCTION find_pump_chemical(text, integer, timestamptz) FROM PUBLIC;

DO $$
DECLARE
    body text := pg_get_functiondef('public.enter_station_materials()'::regprocedure);
BEGIN
    body := regexp_replace(body, 'coalesce\(nullif\(n\.chemical, ''''\), \(SELECT t\.chemical.*?LIMIT 1\)\)',
                           'coalesce(nullif(n.chemical, ''''), find_pump_chemical(n.device_id, n.pump, n.time))');
    IF body NOT LIKE '%find_pump_chemical%' THEN
        RAISE EXCEPTION 'enter_station_materials() is not as it was expected';
    END IF;
    EXECUTE body;
END $$;
