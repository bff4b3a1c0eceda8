-- Store batch events, each once; returns the identities of new ones.
-- legacy_dedup: see insert_dosing_consumption.
INSERT INTO batch_events (time, device_id, event, recipe, pumps, dedup, received_at, time_quality, flags, pump, chemical,
                          mass_g, batch_id, lot, operator)
SELECT given.time, given.device_id, given.event, given.recipe, given.pumps, given.dedup, given.received_at,
       given.time_quality, nullif(given.flags, '{}'), given.pump, nullif(given.chemical, ''), given.mass_g,
       nullif(given.batch_id, ''), nullif(given.lot, ''), nullif(given.operator, '')
  FROM json_to_recordset(%(batch_events)s::json)
       AS given (time timestamptz, device_id text, event text, recipe text, pumps int, dedup int,
                 received_at timestamptz, time_quality text, flags text[], legacy_dedup int, pump int,
                 chemical text, mass_g float8, batch_id text, lot text, operator text)
 WHERE CASE WHEN given.time <
-- include writes/select_legacy_bound
            THEN NOT EXISTS (SELECT FROM batch_events AS stored
                                WHERE stored.device_id = given.device_id AND stored.time = given.time
                                  AND stored.event = given.event AND stored.recipe = given.recipe
                                  AND stored.dedup = given.legacy_dedup)
            ELSE true
        END
    ON CONFLICT DO NOTHING
RETURNING device_id, time, event, recipe, dedup
