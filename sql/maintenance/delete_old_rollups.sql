-- Deletes rollups and rejected messages older than their retention, and notes it; returns the number of rows.
WITH kept AS (
    SELECT %(now)s - make_interval(days => keep_days) AS since FROM data_retention WHERE table_name = 'sums'
), whole AS (
    SELECT date_bin('1 day', since, '2000-01-01 00:00:00+00') AS day FROM kept
), quarters AS (
    DELETE FROM dosing_rollup_15m WHERE bucket < (SELECT since FROM kept) RETURNING bucket
), sixes AS (
    DELETE FROM dosing_rollup_6h WHERE bucket < (SELECT since FROM kept) RETURNING 1
), plant AS (
    DELETE FROM plant_rollup WHERE bucket < (SELECT since FROM kept) RETURNING 1
), pumps AS (
    DELETE FROM pump_rollup WHERE bucket < (SELECT day FROM whole) RETURNING 1
), uses AS (
    DELETE FROM pump_use WHERE bucket < (SELECT day FROM whole) RETURNING 1
), targets AS (
    DELETE FROM pump_targets WHERE last_at < (SELECT since FROM kept)
), rests AS (
    DELETE FROM pump_rests WHERE since < (SELECT day FROM whole)
), day_rests AS (
    DELETE FROM pump_day_rests WHERE since < (SELECT day FROM whole)
), totals AS (
    DELETE FROM pump_totals WHERE since < (SELECT day FROM whole)
), heads AS (
    DELETE FROM closed_pump_heads WHERE since < (SELECT day FROM whole)
), target_heads AS (
    DELETE FROM pump_heads WHERE since < (SELECT day FROM whole)
), closed_targets AS (
    DELETE FROM closed_pump_targets AS c
     WHERE NOT EXISTS (SELECT FROM pump_targets AS t
                        WHERE t.device_id = c.device_id AND t.pump = c.pump AND t.chemical = c.chemical AND t.target_g = c.target_g
                          AND t.last_at >= (SELECT since FROM kept))
), closed_uses AS (
    DELETE FROM closed_pump_uses WHERE since < (SELECT day FROM whole)
), closed AS (
    DELETE FROM closed_tank_days WHERE day <= (SELECT since::date FROM kept)
), days AS (
    DELETE FROM tank_days WHERE day <= (SELECT since::date FROM kept)
), history AS (
    DELETE FROM dosing_hourly_history WHERE bucket < (SELECT since FROM kept) RETURNING 1
), rejected AS (
    DELETE FROM rejected_messages WHERE received_at < (SELECT since FROM kept) RETURNING 1
), noted AS (
    UPDATE dropped_readings AS d
       SET spans = d.spans + tstzmultirange(tstzrange(NULL, q.until))
      FROM (SELECT max(bucket) + INTERVAL '15 minutes' AS until FROM quarters) AS q
     WHERE d.table_name = 'sums' AND q.until IS NOT NULL
)
SELECT (SELECT count(*) FROM quarters) + (SELECT count(*) FROM sixes)
     + (SELECT count(*) FROM plant) + (SELECT count(*) FROM pumps) + (SELECT count(*) FROM uses)
     + (SELECT count(*) FROM history) + (SELECT count(*) FROM rejected)
