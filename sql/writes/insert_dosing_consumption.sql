-- Store doses, each once; returns the identities of new ones. legacy_dedup is the number that versions before migration
-- 0024 stored for the same message: only readings from before it can be stored under that number.
INSERT INTO dosing_consumption (time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode,
                                duration_ms, dedup, received_at, time_quality, flags, batch_id, lot, operator)
SELECT given.time, given.device_id, given.pump, given.chemical, given.target_g, given.actual_g, given.error_g,
       given.recipe, given.mode, given.duration_ms, given.dedup, given.received_at, given.time_quality,
       nullif(given.flags, '{}'), nullif(given.batch_id, ''), nullif(given.lot, ''), nullif(given.operator, '')
  FROM json_to_recordset(%(dosing_consumption)s::json)
       AS given (time timestamptz, device_id text, pump int, chemical text, target_g float8, actual_g float8,
                 error_g float8, recipe text, mode text, duration_ms bigint, dedup int,
                 received_at timestamptz, time_quality text, flags text[], legacy_dedup int,
                 batch_id text, lot text, operator text)
 WHERE CASE WHEN given.time <
-- include writes/select_legacy_bound
            THEN NOT EXISTS (SELECT FROM dosing_consumption AS stored
                                WHERE stored.device_id = given.device_id AND stored.time = given.time
                                  AND stored.pump = given.pump AND stored.dedup = given.legacy_dedup)
            ELSE true
        END
    ON CONFLICT DO NOTHING
RETURNING device_id, time, pump, dedup
