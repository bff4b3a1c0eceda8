-- The doses of the window, the newest first, at most 5000: more need a shorter window or a filter.
SELECT time, device_id, recipe, mode, chemical, pump, target_g, actual_g, error_g, duration_ms, received_at, time_quality
  FROM dosing_consumption
 WHERE time >= %(from)s::timestamptz
   AND time < %(to)s::timestamptz
   AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
 ORDER BY time DESC, received_at DESC, device_id, pump, dedup
 LIMIT 5000
