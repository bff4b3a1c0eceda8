-- Each tank once: by its newest level, whatever its chemical was called in earlier ones; spellings: all of these names.
latest_tanks AS MATERIALIZED (
SELECT DISTINCT ON (device_id, fold_name(chemical)) device_id, chemical, fold_name(chemical) AS chemical_key, remaining_g,
       capacity_g, percent_full, array_agg(chemical) OVER (PARTITION BY device_id, fold_name(chemical)) AS spellings
  FROM latest_inventory
 ORDER BY device_id, fold_name(chemical), time DESC, chemical
)
