-- What panels/pump_chemicals counts: the chemicals of the last 200 doses of each pump, as any/0131 finds them, with their number and the
-- last of each. The newest doses of a station are read at once, in the order of its key, and their 200th of a pump is found by its place
-- in them. Where a pump has fewer, or its 200th and 201st are of one moment, its doses are put in order as in any/0131.
CREATE FUNCTION recent_pump_chemicals(until timestamptz, of_stations text[])
RETURNS TABLE (device_id text, pump integer, chemical text, doses bigint, last_at timestamptz)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, public, pg_temp
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
)
SELECT s.device_id, n.pump, n.chemical, n.doses, n.last_at
  FROM stations AS s
 CROSS JOIN LATERAL (
       WITH newest AS MATERIALIZED (
           SELECT o.pump, o.time, o.chemical
             FROM dosing_consumption AS o
            WHERE o.device_id = s.device_id AND o.time >= earliest AND o.time < until
            ORDER BY o.time DESC
            LIMIT least(225 * s.pumps, 4000)
       ), enough AS MATERIALIZED (
           SELECT p.pump, p.times[200] AS since
             FROM (SELECT r.pump, array_agg(r.time) AS times FROM newest AS r GROUP BY 1) AS p
            WHERE p.times[200] > p.times[201]
       )
       SELECT r.pump, r.chemical, count(*) AS doses, max(r.time) AS last_at
         FROM newest AS r
         JOIN enough AS e ON e.pump = r.pump AND r.time >= e.since
        GROUP BY 1, 2
        UNION ALL
       SELECT o.pump, o.chemical, count(*), max(o.time)
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
        WHERE o.number <= 200
        GROUP BY 1, 2) AS n;
END $$;
