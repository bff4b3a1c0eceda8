-- How full every tank is, in percent, by its latest level; 100 without any level, as missing messages are
-- another rule's matter. Grafana alerts below a threshold.
SELECT device_id, chemical, percent_full
  FROM (SELECT device_id, chemical,
               CASE WHEN capacity_g > 0 AND remaining_g IS NOT NULL THEN 100 * remaining_g / capacity_g
                    WHEN capacity_g IS NULL OR capacity_g > 0 THEN percent_full END AS percent_full
          FROM latest_inventory) AS tank
 WHERE percent_full IS NOT NULL
 UNION ALL
SELECT 'none', 'no tank known', 100.0::float8
 WHERE NOT EXISTS (SELECT FROM latest_inventory
                    WHERE (percent_full IS NOT NULL AND coalesce(capacity_g, 1) > 0)
                       OR (capacity_g > 0 AND remaining_g IS NOT NULL))
 ORDER BY device_id, chemical
