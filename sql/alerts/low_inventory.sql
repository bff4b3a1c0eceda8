-- How full every tank is, in percent, and below which limit of its chemical it is low: condition 1 if it is, -1 if not, or
-- if it is nearly empty, which is another rule's; 0 in the dead band, or without a level. Without any tank there is one row.
WITH tanks AS MATERIALIZED (
-- include reads/select_stock_levels
)
SELECT device_id, chemical, percent_full AS value, low_percent AS limit_value,
       CASE WHEN critical = 1 THEN -1
            ELSE compare_below(percent_full, low_percent, low_percent + deadband_percent) END AS condition
  FROM tanks
 UNION ALL
SELECT 'none', 'no tank known', NULL, NULL, -1
 WHERE NOT EXISTS (SELECT FROM tanks)
 ORDER BY device_id, chemical
