-- A tank's doses by its folded name: the books of the material ledger and the losses of its days read a rollup by it, and
-- computed the name of every row of the station. The columns of the keys never change: updates of the rollups stay in place.
LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE;  -- who stores doses locks it first, then the rollups
CREATE INDEX dosing_rollup_6h_tank ON dosing_rollup_6h (device_id, fold_name(chemical), bucket);
CREATE INDEX dosing_rollup_15m_tank ON dosing_rollup_15m (device_id, fold_name(chemical), bucket);
ANALYZE dosing_rollup_6h, dosing_rollup_15m;

-- As any/0059, with how far back to read from the hours of the station, which are a tenth of the rows by chemical; and at first
-- only as many doses as make 300 for each of its pumps. Only where a pump has fewer than 200 of them, the others are read, too.
CREATE OR REPLACE FUNCTION recent_pump_doses(until timestamptz, of_stations text[])
RETURNS TABLE (device_id text, pump integer, number bigint, "time" timestamptz, chemical text)
LANGUAGE plpgsql STABLE ROWS 4000 SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
DECLARE
    station record;
BEGIN
    FOR station IN
        WITH stations AS MATERIALIZED (
            SELECT s.device_id, (SELECT count(DISTINCT u.pump)
                                   FROM pump_use AS u
                                  WHERE u.device_id = s.device_id AND u.bucket < until
                                    AND u.bucket >= next_bucket_start('6 hours', until - INTERVAL '28 days')) AS pumps
              FROM device_last_seen AS s
             WHERE of_stations IS NULL OR s.device_id = ANY (of_stations)
        ), hours AS (
            SELECT s.device_id, s.pumps, h.bucket, h.doses,
                   sum(h.doses) OVER (PARTITION BY s.device_id ORDER BY h.bucket DESC) - h.doses AS newer
              FROM stations AS s
             CROSS JOIN LATERAL (SELECT r.bucket, sum(r.doses) AS doses
                                   FROM plant_rollup AS r
                                  WHERE r.grain = 4 AND r.device_id = s.device_id AND r.bucket < until
                                    AND r.bucket >= next_bucket_start('6 hours', until - INTERVAL '28 days')
                                  GROUP BY r.bucket) AS h
        )
        SELECT device_id, pumps, min(bucket) AS since,
               coalesce(min(bucket) FILTER (WHERE newer < 300 * pumps), until) AS first_since
          FROM hours
         WHERE newer < 4000
         GROUP BY device_id, pumps
    LOOP
        RETURN QUERY EXECUTE
            'WITH newest AS MATERIALIZED (
                 SELECT d.pump, d.time, d.chemical,
                        row_number() OVER (PARTITION BY d.pump ORDER BY d.time DESC, d.dedup DESC) AS number
                   FROM dosing_consumption AS d
                  WHERE d.device_id = $1 AND d.time >= $2 AND d.time < $4
             ), enough AS MATERIALIZED (
                 SELECT pump FROM newest WHERE number = 200
             )
             SELECT $1, pump, number, time, chemical
               FROM newest
              WHERE number <= 200 AND pump IN (SELECT pump FROM enough)
              UNION ALL
             SELECT $1, pump, number, time, chemical
               FROM (SELECT d.pump, d.time, d.chemical,
                            row_number() OVER (PARTITION BY d.pump ORDER BY d.time DESC, d.dedup DESC) AS number
                       FROM dosing_consumption AS d
                      WHERE d.device_id = $1 AND d.time >= $3 AND d.time < $4
                        AND (SELECT count(*) FROM enough) < $5
                        AND d.pump NOT IN (SELECT pump FROM enough)) AS older
              WHERE number <= 200'
        USING station.device_id, station.first_since, station.since, until, station.pumps;
    END LOOP;
END $$;

-- The flow of a new tube as in any/0049, but from its very first dose on: the rest of the six hours of the change and the six
-- hours of until from the doses, between them whole six hours from the rollup. No dose of the old tube counts, and none of the
-- new one is left out. The mean of the first doses, up to the six hours in which the 50th came; NULL below ten.
CREATE OR REPLACE FUNCTION new_tube_rates(until timestamptz) RETURNS TABLE (
    device_id text, pump integer, chemical text, target_g double precision, rate double precision
) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
RETURN QUERY
WITH changes AS MATERIALIZED (
    SELECT c.device_id, c.pump, c.tube_at, next_bucket_start('6 hours', c.tube_at) AS wholes_from,
           greatest(date_bin('6 hours', until, '2000-01-01 00:00:00+00'),
                    next_bucket_start('6 hours', c.tube_at)) AS wholes_to
      FROM (SELECT e.device_id, e.pump, max(e.at) AS tube_at
              FROM service_entries AS e
             WHERE e.kind = 'tube change' AND NOT e.is_withdrawn AND e.at < until
             GROUP BY 1, 2) AS c
), heads AS (
    SELECT c.device_id, c.pump, d.chemical, d.target_g, count(d.rate) AS n_rate, sum(d.rate) AS sum_rate
      FROM changes AS c
     CROSS JOIN LATERAL (SELECT o.chemical, o.target_g,
                                o.target_g * 1000 / nullif(plausible_duration_ms(o.duration_ms), 0) AS rate
                           FROM dosing_consumption AS o
                          WHERE o.device_id = c.device_id AND o.pump = c.pump AND o.time >= c.tube_at
                            AND o.time < least(c.wholes_from, until) AND o.target_g > 0 AND o.error_g IS NOT NULL
                         OFFSET 0) AS d
     GROUP BY 1, 2, 3, 4
), ends AS (
    SELECT c.device_id, c.pump, d.chemical, d.target_g, count(d.rate) AS n_rate, sum(d.rate) AS sum_rate
      FROM changes AS c
      JOIN (SELECT o.device_id, o.pump, o.chemical, o.target_g, o.time,
                   o.target_g * 1000 / nullif(plausible_duration_ms(o.duration_ms), 0) AS rate
              FROM dosing_consumption AS o
             WHERE o.time >= date_bin('6 hours', until, '2000-01-01 00:00:00+00') AND o.time < until
               AND o.target_g > 0 AND o.error_g IS NOT NULL) AS d
        ON d.device_id = c.device_id AND d.pump = c.pump AND d.time >= c.wholes_to
     WHERE until < c.tube_at + INTERVAL '90 days'
     GROUP BY 1, 2, 3, 4
), summed AS (
    SELECT t.device_id, t.pump, t.chemical, t.target_g, coalesce(h.n_rate, 0) AS head_n, coalesce(h.sum_rate, 0) AS head_sum,
           coalesce(w.n_rate, 0) AS whole_n, coalesce(w.sum_rate, 0) AS whole_sum,
           coalesce(e.n_rate, 0) AS end_n, coalesce(e.sum_rate, 0) AS end_sum
      FROM (SELECT DISTINCT device_id, pump, chemical, target_g FROM pump_targets WHERE doses >= 10) AS t
      JOIN changes AS c ON c.device_id = t.device_id AND c.pump = t.pump
      LEFT JOIN heads AS h ON h.device_id = t.device_id AND h.pump = t.pump AND h.chemical = t.chemical AND h.target_g = t.target_g
      LEFT JOIN ends AS e ON e.device_id = t.device_id AND e.pump = t.pump AND e.chemical = t.chemical AND e.target_g = t.target_g
     CROSS JOIN LATERAL (
           SELECT sum(p.n_rate) AS n_rate, sum(p.sum_rate) AS sum_rate
             FROM (SELECT r.n_rate, r.sum_rate,
                          sum(r.n_rate) OVER (ORDER BY r.bucket ROWS UNBOUNDED PRECEDING) - r.n_rate AS before
                     FROM (SELECT b.bucket, b.n_rate, b.sum_rate
                             FROM pump_rollup AS b
                            WHERE b.device_id = t.device_id AND b.pump = t.pump AND b.chemical = t.chemical
                              AND b.target_g = t.target_g AND b.bucket >= c.wholes_from AND b.n_rate > 0
                              AND b.bucket < least(c.wholes_to, c.tube_at + INTERVAL '90 days')
                            ORDER BY b.bucket
                            LIMIT 50) AS r) AS p
            WHERE p.before + coalesce(h.n_rate, 0) < 50) AS w
)
SELECT s.device_id, s.pump, s.chemical, s.target_g,
       CASE WHEN s.head_n + s.whole_n < 50 THEN (s.head_sum + s.whole_sum + s.end_sum) / (s.head_n + s.whole_n + s.end_n)
            ELSE (s.head_sum + s.whole_sum) / (s.head_n + s.whole_n) END
  FROM summed AS s
 WHERE s.head_n + s.whole_n + CASE WHEN s.head_n + s.whole_n < 50 THEN s.end_n ELSE 0 END >= 10;
END $$;

-- The few doses of a change are found by the station's key: by the time alone, those of all stations would be read.
ALTER FUNCTION new_tube_rates(timestamptz) SET random_page_cost = 1.1;
