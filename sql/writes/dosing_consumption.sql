-- Stores the doses that are not stored yet; answers the identities of those that were new.
INSERT INTO dosing_consumption (time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode,
                                duration_ms, dedup, received_at, time_quality, flags)
SELECT given.time, given.device_id, given.pump, given.chemical, given.target_g, given.actual_g, given.error_g,
       given.recipe, given.mode, given.duration_ms, given.dedup, given.received_at, given.time_quality,
       string_to_array(nullif(given.flags, ''), E'\x1f')
  FROM unnest(%(time)s::timestamptz[], %(device_id)s::text[], %(pump)s::int[], %(chemical)s::text[],
              %(target_g)s::float8[], %(actual_g)s::float8[], %(error_g)s::float8[], %(recipe)s::text[],
              %(mode)s::text[], %(duration_ms)s::bigint[], %(dedup)s::int[], %(received_at)s::timestamptz[],
              %(time_quality)s::text[], %(flags)s::text[])
       AS given (time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode,
                 duration_ms, dedup, received_at, time_quality, flags)
    ON CONFLICT DO NOTHING
RETURNING device_id, time, pump, dedup
