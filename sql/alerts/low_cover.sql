-- How many production days every tank lasts, as the panel stock_outlook; 36525 where there are no figures. Grafana alerts
-- below a threshold.
WITH outlook AS MATERIALIZED (
-- include panels/stock_outlook
)
SELECT device_id, chemical, cover_days FROM outlook WHERE cover_days IS NOT NULL
 UNION ALL
SELECT 'none', 'no use known', 36525.0::float8
 WHERE NOT EXISTS (SELECT FROM outlook WHERE cover_days IS NOT NULL)
 ORDER BY device_id, chemical
