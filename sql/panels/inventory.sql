-- The latest level of every tank that is not retired, emptiest first; the percentage is computed from both masses if they are
-- known, and NULL for a capacity of 0. It is the present state, whatever the window. Guide's panel 4.
SELECT device_id, chemical, remaining_g, capacity_g,
       compute_tank_percent(remaining_g, capacity_g, percent_full) AS percent_full, time, received_at
  FROM latest_inventory AS t
 WHERE (
-- include materials/is_in_service
       )
   AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND (%(chemical)s::text[] IS NULL OR chemical = ANY (%(chemical)s::text[]))
 ORDER BY percent_full NULLS FIRST, device_id, chemical
