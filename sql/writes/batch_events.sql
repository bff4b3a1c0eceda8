-- Stores the batch events that are not stored yet; answers the identities of those that were new.
INSERT INTO batch_events (time, device_id, event, recipe, pumps, dedup, received_at, time_quality, flags)
SELECT given.time, given.device_id, given.event, given.recipe, given.pumps, given.dedup, given.received_at,
       given.time_quality, string_to_array(nullif(given.flags, ''), E'\x1f')
  FROM unnest(%(time)s::timestamptz[], %(device_id)s::text[], %(event)s::text[], %(recipe)s::text[],
              %(pumps)s::int[], %(dedup)s::int[], %(received_at)s::timestamptz[], %(time_quality)s::text[],
              %(flags)s::text[])
       AS given (time, device_id, event, recipe, pumps, dedup, received_at, time_quality, flags)
    ON CONFLICT DO NOTHING
RETURNING device_id, time, event, recipe, dedup
