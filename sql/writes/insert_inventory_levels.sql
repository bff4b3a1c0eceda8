-- Store inventory levels, each once; returns the identities of new ones. A level without its tank's capacity gets the
-- last one stored, and a flag.
-- legacy_dedup: see insert_dosing_consumption.
INSERT INTO inventory_levels (time, device_id, chemical, remaining_g, capacity_g, percent_full,
                              dedup, received_at, time_quality, flags)
SELECT given.time, given.device_id, given.chemical, given.remaining_g,
       coalesce(given.capacity_g, known.capacity_g),
       CASE WHEN given.percent_full IS NULL AND given.capacity_g IS NULL AND known.capacity_g > 0
            THEN 100 * given.remaining_g / known.capacity_g
            ELSE given.percent_full
        END,
       given.dedup, given.received_at, given.time_quality,
       CASE WHEN given.capacity_g IS NULL AND known.capacity_g IS NOT NULL
            THEN array_append(nullif(given.flags, '{}'), 'capacity_g: last known')
            ELSE nullif(given.flags, '{}')
        END
  FROM json_to_recordset(%(inventory_levels)s::json)
       AS given (time timestamptz, device_id text, chemical text, remaining_g float8, capacity_g float8,
                 percent_full float8, dedup int, received_at timestamptz, time_quality text, flags text[],
                 legacy_dedup int)
  LEFT JOIN inventory_latest AS known
         ON known.device_id = given.device_id AND known.chemical = given.chemical
 WHERE CASE WHEN given.time <
-- include writes/select_legacy_bound
            THEN NOT EXISTS (SELECT FROM inventory_levels AS stored
                                WHERE stored.device_id = given.device_id AND stored.chemical = given.chemical
                                  AND stored.time = given.time AND stored.dedup = given.legacy_dedup)
            ELSE true
        END
    ON CONFLICT DO NOTHING
RETURNING device_id, chemical, time, dedup
