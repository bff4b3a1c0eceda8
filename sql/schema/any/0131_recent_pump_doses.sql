-- As any/0073, in one statement for all stations, planned once in a session: to plan one for each station took longer than to read
-- its doses. How far back 4,000 doses of a station reach is looked for only where a pump has fewer than 200 among those of the last
-- days, at most 250 for each of its pumps.
CREATE OR REPLACE FUNCTION recent_pump_doses(until timestamptz, of_stations text[])
RETURNS TABLE (device_id text, pump integer, number bigint, "time" timestamptz, chemical text)
LANGUAGE plpgsql STABLE ROWS 4000 SET search_path = pg_catalog, public, pg_temp
-- pages cost next to nothing: each station's doses are found by its key, not by their time among those of all
SET random_page_cost = 0.1 SET plan_cache_mode = force_generic_plan SET jit = off SET enable_seqscan = off AS $$
#variable_conflict use_column
DECLARE
    earliest CONSTANT timestamptz := next_bucket_start('6 hours', until - INTERVAL '28 days');
BEGIN
RETURN QUERY
WITH RECURSIVE keys (device_id, pump) AS (
    (SELECT s.device_id, NULL::integer
       FROM device_last_seen AS s
      WHERE of_stations IS NULL OR s.device_id = ANY (of_stations))
     UNION ALL
    SELECT k.device_id, n.pump
      FROM keys AS k
     CROSS JOIN LATERAL (SELECT u.pump
                           FROM pump_use AS u
                          WHERE u.device_id = k.device_id AND u.pump > coalesce(k.pump, -2147483648)
                          ORDER BY u.pump
                          LIMIT 1) AS n
), stations AS MATERIALIZED (
    SELECT k.device_id, count(*) AS pumps
      FROM keys AS k
     CROSS JOIN LATERAL (SELECT FROM pump_use AS u
                          WHERE u.device_id = k.device_id AND u.pump = k.pump AND u.bucket < until AND u.bucket >= earliest
                          LIMIT 1) AS u
     GROUP BY 1
), spans AS MATERIALIZED (
    SELECT s.device_id, s.pumps, coalesce(h.since, until) AS since
      FROM stations AS s
     CROSS JOIN LATERAL (SELECT min(c.bucket) AS since
                           FROM (SELECT r.bucket, sum(sum(r.doses)) OVER (ORDER BY r.bucket DESC) - sum(r.doses) AS newer
                                   FROM plant_rollup AS r
                                  WHERE r.grain = 4 AND r.device_id = s.device_id AND r.bucket < until
                                    AND r.bucket >= date_bin('1 hour', until - INTERVAL '5 days', '2000-01-01 00:00:00+00')
                                  GROUP BY r.bucket) AS c
                          WHERE c.newer < least(250 * s.pumps, 4000)) AS h
)
SELECT s.device_id, n.pump, n.number, n.time, n.chemical
  FROM spans AS s
 CROSS JOIN LATERAL (
       WITH newest AS MATERIALIZED (
           SELECT d.pump, d.time, d.chemical, row_number() OVER (PARTITION BY d.pump ORDER BY d.time DESC, d.dedup DESC) AS number
             FROM dosing_consumption AS d
            WHERE d.device_id = s.device_id AND d.time >= s.since AND d.time < until
       ), enough AS MATERIALIZED (
           SELECT e.pump FROM newest AS e WHERE e.number = 200
       )
       SELECT w.pump, w.number, w.time, w.chemical
         FROM newest AS w
        WHERE w.number <= 200 AND w.pump IN (SELECT e.pump FROM enough AS e)
        UNION ALL
       SELECT o.pump, o.number, o.time, o.chemical
         FROM (SELECT min(c.bucket) AS since
                 FROM (SELECT r.bucket, sum(sum(r.doses)) OVER (ORDER BY r.bucket DESC) - sum(r.doses) AS newer
                         FROM plant_rollup AS r
                        WHERE r.grain = 4 AND r.device_id = s.device_id AND r.bucket < until AND r.bucket >= earliest
                          AND (SELECT count(*) FROM enough) < s.pumps
                        GROUP BY r.bucket) AS c
                WHERE c.newer < 4000) AS w
        CROSS JOIN LATERAL (
              SELECT d.pump, d.time, d.chemical, row_number() OVER (PARTITION BY d.pump ORDER BY d.time DESC, d.dedup DESC) AS number
                FROM dosing_consumption AS d
               WHERE d.device_id = s.device_id AND d.time >= w.since AND d.time < until
                 AND d.pump NOT IN (SELECT e.pump FROM enough AS e)) AS o
        WHERE o.number <= 200) AS n;
END $$;
