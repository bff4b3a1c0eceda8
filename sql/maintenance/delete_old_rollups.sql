-- Deletes rollups and rejected messages older than two years; returns the number of rows.
WITH quarters AS (
    DELETE FROM dosing_rollup_15m WHERE bucket < %(sums_from)s RETURNING 1
), sixes AS (
    DELETE FROM dosing_rollup_6h WHERE bucket < %(sums_from)s RETURNING 1
), plant AS (
    DELETE FROM plant_rollup WHERE bucket < %(sums_from)s RETURNING 1
), history AS (
    DELETE FROM dosing_hourly_history WHERE bucket < %(sums_from)s RETURNING 1
), rejected AS (
    DELETE FROM rejected_messages WHERE received_at < %(sums_from)s RETURNING 1
)
SELECT (SELECT count(*) FROM quarters) + (SELECT count(*) FROM sixes)
     + (SELECT count(*) FROM plant) + (SELECT count(*) FROM history) + (SELECT count(*) FROM rejected)
