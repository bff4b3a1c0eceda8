-- What every tank held at the beginning and at the end of [from, to): its newest level up to then; with the grams
-- that were dosed of its chemical by its station meanwhile. A tank that said nothing up to then has NULL.
SELECT tank.device_id, tank.chemical, first.remaining_g AS start_g, first.percent_full AS start_percent,
       last.remaining_g AS end_g, last.percent_full AS end_percent, dosed.dosed_g
  FROM inventory_last AS tank
  LEFT JOIN LATERAL (
       SELECT l.remaining_g,
              CASE WHEN l.capacity_g > 0 AND l.remaining_g IS NOT NULL THEN 100 * l.remaining_g / l.capacity_g
                   ELSE l.percent_full END AS percent_full
         FROM inventory_levels AS l
        WHERE l.device_id = tank.device_id AND l.chemical = tank.chemical AND l.time <= %(from)s::timestamptz
        ORDER BY l.time DESC
        LIMIT 1) AS first ON true
  LEFT JOIN LATERAL (
       SELECT l.remaining_g,
              CASE WHEN l.capacity_g > 0 AND l.remaining_g IS NOT NULL THEN 100 * l.remaining_g / l.capacity_g
                   ELSE l.percent_full END AS percent_full
         FROM inventory_levels AS l
        WHERE l.device_id = tank.device_id AND l.chemical = tank.chemical AND l.time <= %(to)s::timestamptz
        ORDER BY l.time DESC
        LIMIT 1) AS last ON true
  LEFT JOIN (
       SELECT device_id, chemical, CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END AS dosed_g
         FROM dosing_sums(%(from)s::timestamptz, %(to)s::timestamptz)
        GROUP BY device_id, chemical) AS dosed
    ON dosed.device_id = tank.device_id AND dosed.chemical = tank.chemical
 ORDER BY tank.device_id, tank.chemical
