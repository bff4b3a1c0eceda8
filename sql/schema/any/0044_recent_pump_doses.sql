-- The last 200 doses of each pump, the newest with number 1, among the last 4,000 of its station in 90 days: what a pump
-- doses is learnt from them, in panels/pump_chemicals and by the alarm PUMP_CHEMICAL. of_stations: NULL for all.
CREATE FUNCTION recent_pump_doses(until timestamptz, of_stations text[])
RETURNS TABLE (device_id text, pump integer, number bigint, "time" timestamptz, chemical text)
LANGUAGE sql STABLE ROWS 4000 SET search_path = pg_catalog, public, pg_temp AS $$
SELECT n.device_id, n.pump, n.number, n.time, n.chemical
  FROM (SELECT s.device_id, d.pump, d.time, d.chemical,
               row_number() OVER (PARTITION BY s.device_id, d.pump ORDER BY d.time DESC, d.dedup DESC) AS number
          FROM device_last_seen AS s
         CROSS JOIN LATERAL (SELECT pump, time, dedup, chemical
                               FROM dosing_consumption
                              WHERE device_id = s.device_id AND time < until AND time >= until - INTERVAL '90 days'
                              ORDER BY time DESC
                              LIMIT 4000) AS d
         WHERE of_stations IS NULL OR s.device_id = ANY (of_stations)) AS n
 WHERE n.number <= 200
$$;
