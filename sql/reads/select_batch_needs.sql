-- What one batch takes of each tank, in g: the largest of its recipes' medians, or the last dose of 28 days while no batch is
-- known (batches: 0). A tank that was not dosed from has no row.
WITH uses AS MATERIALIZED (
-- include reads/select_batch_uses
), largest AS (
SELECT DISTINCT ON (device_id, chemical_key) device_id, chemical_key, median_g, recipe, batches
  FROM uses
 ORDER BY device_id, chemical_key, median_g DESC, recipe
)
SELECT t.device_id, t.chemical, coalesce(l.median_g, last.dose_g) AS need_g, coalesce(l.recipe, '') AS recipe,
       coalesce(l.batches, 0)::integer AS batches
  FROM latest_inventory AS t
  LEFT JOIN largest AS l ON l.device_id = t.device_id AND l.chemical_key = fold_name(t.chemical)
  LEFT JOIN LATERAL (
       SELECT max(r.bucket) AS bucket
         FROM dosing_rollup_6h AS r
        WHERE l.median_g IS NULL AND r.device_id = t.device_id AND fold_name(r.chemical) = fold_name(t.chemical) AND r.doses > 0
          AND r.bucket >= %(now)s::timestamptz - INTERVAL '28 days') AS newest ON true
  LEFT JOIN LATERAL (
       SELECT coalesce(nullif(d.target_g, 0), d.actual_g) AS dose_g
         FROM dosing_consumption AS d
        WHERE d.device_id = t.device_id AND fold_name(d.chemical) = fold_name(t.chemical)
          AND d.time >= newest.bucket AND d.time < newest.bucket + INTERVAL '6 hours'
          AND coalesce(nullif(d.target_g, 0), d.actual_g) > 0
        ORDER BY d.time DESC
        LIMIT 1) AS last ON true
 WHERE coalesce(l.median_g, last.dose_g) > 0
