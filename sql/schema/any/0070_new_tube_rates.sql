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
), parts AS (
    SELECT c.device_id, c.pump, d.chemical, d.target_g, 0 AS place, c.tube_at AS at, count(d.rate) AS n_rate, sum(d.rate) AS sum_rate
      FROM changes AS c
     CROSS JOIN LATERAL (SELECT o.chemical, o.target_g,
                                o.target_g * 1000 / nullif(plausible_duration_ms(o.duration_ms), 0) AS rate
                           FROM dosing_consumption AS o
                          WHERE o.device_id = c.device_id AND o.pump = c.pump AND o.time >= c.tube_at
                            AND o.time < least(c.wholes_from, until) AND o.target_g > 0 AND o.error_g IS NOT NULL) AS d
     GROUP BY 1, 2, 3, 4, 6
     UNION ALL
    SELECT c.device_id, c.pump, t.chemical, t.target_g, 1, p.bucket, p.n_rate, p.sum_rate
      FROM changes AS c
      JOIN (SELECT DISTINCT device_id, pump, chemical, target_g FROM pump_targets WHERE doses >= 10) AS t
        ON t.device_id = c.device_id AND t.pump = c.pump
     CROSS JOIN LATERAL (SELECT r.bucket, r.n_rate, r.sum_rate
                           FROM pump_rollup AS r
                          WHERE r.device_id = t.device_id AND r.pump = t.pump AND r.chemical = t.chemical
                            AND r.target_g = t.target_g AND r.bucket >= c.wholes_from
                            AND r.bucket < least(c.wholes_to, c.tube_at + INTERVAL '90 days') AND r.n_rate > 0
                          ORDER BY r.bucket
                          LIMIT 50) AS p
     UNION ALL
    SELECT c.device_id, c.pump, d.chemical, d.target_g, 2, c.wholes_to, count(d.rate), sum(d.rate)
      FROM changes AS c
      JOIN (SELECT o.device_id, o.pump, o.chemical, o.target_g, o.time,
                   o.target_g * 1000 / nullif(plausible_duration_ms(o.duration_ms), 0) AS rate
              FROM dosing_consumption AS o
             WHERE o.time >= date_bin('6 hours', until, '2000-01-01 00:00:00+00') AND o.time < until
               AND o.target_g > 0 AND o.error_g IS NOT NULL) AS d
        ON d.device_id = c.device_id AND d.pump = c.pump AND d.time >= c.wholes_to
     WHERE until < c.tube_at + INTERVAL '90 days'
     GROUP BY 1, 2, 3, 4, 6
)
SELECT f.device_id, f.pump, f.chemical, f.target_g, sum(f.sum_rate) / sum(f.n_rate)
  FROM (SELECT p.*, sum(p.n_rate) OVER (PARTITION BY p.device_id, p.pump, p.chemical, p.target_g
                                        ORDER BY p.place, p.at) - p.n_rate AS before
          FROM parts AS p) AS f
 WHERE f.before < 50
 GROUP BY 1, 2, 3, 4
HAVING sum(f.n_rate) >= 10;
END $$;
