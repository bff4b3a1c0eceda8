-- The latest level of every tank that is not retired, with its limits, for the rules of stock.
SELECT t.device_id, t.chemical, t.percent_full, l.low_percent, l.critical_percent, l.deadband_percent,
       compare_below(t.percent_full, l.critical_percent, l.critical_percent + l.deadband_percent) AS critical
  FROM (SELECT i.device_id, i.chemical, i.capacity_g,
               compute_tank_percent(i.remaining_g, i.capacity_g, i.percent_full) AS percent_full
          FROM latest_inventory AS i) AS t
  LEFT JOIN (
-- include reads/select_batch_needs
       ) AS n USING (device_id, chemical)
 CROSS JOIN LATERAL (
       SELECT own.low_percent, a.stock_deadband_percent AS deadband_percent,
              greatest(own.critical_percent,
                       CASE WHEN t.capacity_g > 0 AND n.need_g > 0 THEN least(100 * n.need_g / t.capacity_g, 100) END) AS critical_percent
         FROM find_stock_limits(t.chemical) AS own
        CROSS JOIN alarm_limits AS a) AS l
 WHERE
-- include materials/is_in_service
