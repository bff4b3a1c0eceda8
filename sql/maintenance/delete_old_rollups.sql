-- Deletes rollups and rejected messages older than their retention; returns the number of rows.
WITH kept AS (
    SELECT %(now)s - make_interval(days => keep_days) AS since FROM data_retention WHERE table_name = 'sums'
), quarters AS (
    DELETE FROM dosing_rollup_15m WHERE bucket < (SELECT since FROM kept) RETURNING 1
), hours AS (
    DELETE FROM dosing_rollup_1h WHERE bucket < (SELECT since FROM kept) RETURNING 1
), sixes AS (
    DELETE FROM dosing_rollup_6h WHERE bucket < (SELECT since FROM kept) RETURNING 1
), recipes AS (
    DELETE FROM recipe_rollup_15m WHERE bucket < (SELECT since FROM kept) RETURNING 1
), history AS (
    DELETE FROM dosing_hourly_history WHERE bucket < (SELECT since FROM kept) RETURNING 1
), rejected AS (
    DELETE FROM rejected_messages WHERE received_at < (SELECT since FROM kept) RETURNING 1
)
SELECT (SELECT count(*) FROM quarters) + (SELECT count(*) FROM hours) + (SELECT count(*) FROM sixes)
     + (SELECT count(*) FROM recipes) + (SELECT count(*) FROM history) + (SELECT count(*) FROM rejected)
