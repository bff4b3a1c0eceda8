-- The level of every tank, but those retired before, at the start and end of [from, to), and the mass dosed from it meanwhile. Levels have no time of
-- their own: they follow their dose, whose time is the station's. The level at an edge is the last one received before
-- the next shift's first dose, at most 10 s after this shift's last. Levels that were sent late do not count.
WITH
-- include materials/latest_tanks
, tanks AS MATERIALIZED (
     SELECT t.*
       FROM latest_tanks AS t
      WHERE NOT EXISTS (SELECT FROM list_retired(%(site)s::text, %(from)s::timestamptz) AS r
                         WHERE r.device_id = t.device_id AND r.chemical IN ('', t.chemical))
), edges AS (
     SELECT tank.device_id, tank.chemical_key, tank.spellings, edge.is_first, around.before,
            greatest(edge.at, around.last_heard + INTERVAL '10 seconds') AS latest
       FROM tanks AS tank
      CROSS JOIN (VALUES (true, %(from)s::timestamptz), (false, %(to)s::timestamptz)) AS edge (is_first, at)
      CROSS JOIN LATERAL (
            SELECT max(h.heard) FILTER (WHERE d.time < edge.at) AS last_heard,
                   min(h.heard) FILTER (WHERE d.time >= edge.at) AS before
              FROM dosing_consumption AS d
             CROSS JOIN LATERAL (SELECT CASE WHEN abs(extract(epoch FROM d.received_at - d.time)) <= 60
                                             THEN d.received_at ELSE d.time END AS heard) AS h
             WHERE d.device_id = tank.device_id AND fold_name(d.chemical) = tank.chemical_key
               AND d.time >= edge.at - INTERVAL '2 minutes' AND d.time < edge.at + INTERVAL '2 minutes') AS around
), held AS (
     SELECT e.device_id, e.chemical_key, e.is_first, told.*
       FROM edges AS e
      CROSS JOIN LATERAL (
            SELECT found.heard, found.remaining_g, found.percent_full
              FROM unnest(e.spellings) AS s (name)
             CROSS JOIN LATERAL (
                  SELECT l.time, h.heard, l.remaining_g,
                         compute_tank_percent(l.remaining_g, l.capacity_g, l.percent_full) AS percent_full
                    FROM inventory_levels AS l
                   CROSS JOIN LATERAL (SELECT CASE WHEN abs(extract(epoch FROM l.received_at - l.time)) <= 60
                                                   THEN l.received_at ELSE l.time END AS heard) AS h
                   WHERE l.device_id = e.device_id AND l.chemical = s.name
                     AND l.time <= e.latest + INTERVAL '1 minute' AND h.heard <= e.latest
                     AND (e.before IS NULL OR h.heard < e.before)
                     AND l.remaining_g IS NOT NULL AND l.time_quality <> 'receive(backlog)'
                   ORDER BY l.time DESC
                   LIMIT 1) AS found
             ORDER BY found.time DESC
             LIMIT 1) AS told
)
SELECT tank.device_id, tank.chemical, first.remaining_g AS start_g, first.percent_full AS start_percent,
       last.remaining_g AS end_g, last.percent_full AS end_percent, dosed.dosed_g,
       coalesce(dosed.unweighed, 0) AS unweighed, taken.taken_g, coalesce(taken.taken_unweighed, 0) AS taken_unweighed,
       own.low_percent
  FROM tanks AS tank
 CROSS JOIN LATERAL find_stock_limits(tank.chemical) AS own
  LEFT JOIN held AS first
    ON first.is_first AND first.device_id = tank.device_id AND first.chemical_key = tank.chemical_key
  LEFT JOIN held AS last
    ON NOT last.is_first AND last.device_id = tank.device_id AND last.chemical_key = tank.chemical_key
  LEFT JOIN LATERAL (
       SELECT coalesce(sum(d.actual_g), 0) AS taken_g, count(*) - count(d.actual_g) AS taken_unweighed
         FROM dosing_consumption AS d
        CROSS JOIN LATERAL (SELECT CASE WHEN abs(extract(epoch FROM d.received_at - d.time)) <= 60
                                        THEN d.received_at ELSE d.time END AS heard) AS h
        WHERE d.device_id = tank.device_id AND fold_name(d.chemical) = tank.chemical_key
          AND d.time > first.heard - INTERVAL '1 minute' AND d.time <= last.heard + INTERVAL '1 minute'
          AND h.heard > first.heard AND h.heard <= last.heard) AS taken ON last.heard > first.heard
  LEFT JOIN (
       SELECT device_id, fold_name(chemical) AS chemical_key, CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END AS dosed_g,
              sum(doses) - sum(n_actual) AS unweighed
         FROM dosing_sums(%(from)s::timestamptz, %(to)s::timestamptz,
                            (SELECT array_agg(DISTINCT device_id) FROM inventory_latest))
        GROUP BY 1, 2) AS dosed
    ON dosed.device_id = tank.device_id AND dosed.chemical_key = tank.chemical_key
 ORDER BY tank.device_id, tank.chemical
