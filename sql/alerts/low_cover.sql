-- How many production days every tank lasts, as the panel stock_outlook, and the limit: condition 1 below it, -1 from a tenth
-- above it on, where there is no limit, and for a tank that is nearly empty, which is another rule's; 0 between them or where
-- there are no figures.
WITH outlook AS MATERIALIZED (
-- include panels/stock_outlook
), tanks AS MATERIALIZED (
-- include reads/select_stock_levels
)
SELECT o.device_id, o.chemical, o.cover_days AS value, a.stock_cover_days AS limit_value,
       CASE WHEN t.critical = 1 THEN -1
            ELSE compare_below(o.cover_days, a.stock_cover_days, 1.1 * a.stock_cover_days) END AS condition
  FROM outlook AS o
  JOIN tanks AS t USING (device_id, chemical)
 CROSS JOIN alarm_limits AS a
 WHERE (SELECT stock_cover_days FROM alarm_limits) > 0
 UNION ALL
SELECT 'none', 'no limit, or no use known', NULL, NULL, -1
  FROM alarm_limits
 WHERE stock_cover_days = 0 OR NOT EXISTS (SELECT FROM outlook)
 ORDER BY device_id, chemical
