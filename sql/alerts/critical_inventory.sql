-- How full every tank is, in percent, and below which limit it is nearly empty: that of its chemical, or what one batch takes
-- of it if that is more. Condition 1 if it is, -1 if not, 0 in the dead band, or without a level.
WITH tanks AS MATERIALIZED (
-- include reads/select_stock_levels
)
SELECT device_id, chemical, percent_full AS value, critical_percent AS limit_value, critical AS condition
  FROM tanks
 UNION ALL
SELECT 'none', 'no tank known', NULL, NULL, -1
 WHERE NOT EXISTS (SELECT FROM tanks)
 ORDER BY device_id, chemical
