-- The doses of the window, the newest first, at most 5000: more need a shorter window or a filter. Those of chosen stations
-- are read station by station, newest first, by the key that begins with the station.
SELECT time, device_id, recipe, mode, chemical, pump, target_g, actual_g, error_g, duration_ms, received_at, time_quality
  FROM (
(SELECT time, device_id, recipe, mode, chemical, pump, target_g, actual_g, error_g, duration_ms, received_at,
        time_quality, dedup
  FROM dosing_consumption
 WHERE %(device)s::text[] IS NULL
   AND time >= %(from)s::timestamptz
   AND time < %(to)s::timestamptz
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
   AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
   AND (%(pump)s::integer[] IS NULL OR pump = ANY (%(pump)s::integer[]))
 ORDER BY time DESC, received_at DESC, device_id, pump, dedup
 LIMIT 5000)
 UNION ALL
SELECT ours.time, ours.device_id, ours.recipe, ours.mode, ours.chemical, ours.pump, ours.target_g, ours.actual_g, ours.error_g,
       ours.duration_ms, ours.received_at, ours.time_quality, ours.dedup
  FROM (SELECT DISTINCT name FROM unnest(%(device)s::text[]) AS chosen (name)) AS station
 CROSS JOIN LATERAL (SELECT time, device_id, recipe, mode, chemical, pump, target_g, actual_g, error_g, duration_ms, received_at,
                            time_quality, dedup
                       FROM dosing_consumption
                      WHERE device_id = station.name
                        AND time >= %(from)s::timestamptz
                        AND time < %(to)s::timestamptz
                        AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
                        AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
                        AND (%(mode)s::text[] IS NULL OR mode = ANY (%(mode)s::text[]))
                        AND (%(pump)s::integer[] IS NULL OR pump = ANY (%(pump)s::integer[]))
                      ORDER BY time DESC, received_at DESC, pump, dedup
                      LIMIT 5000) AS ours
) AS listed
 ORDER BY time DESC, received_at DESC, device_id, pump, dedup
 LIMIT 5000
