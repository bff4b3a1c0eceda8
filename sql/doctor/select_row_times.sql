-- Time of the oldest and the newest reading of each table; NULL without any.
SELECT 'dosing_consumption' AS table_name, min(time) AS oldest, max(time) AS newest FROM dosing_consumption
 UNION ALL
SELECT 'batch_events', min(time), max(time) FROM batch_events
 UNION ALL
SELECT 'inventory_levels', min(time), max(time) FROM inventory_levels
