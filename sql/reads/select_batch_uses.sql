-- What a batch takes of each chemical, in g, by station and recipe: the median of the recipe's last 20 completed batches of the
-- last 28 days. A batch with a dose that was not weighed has no use of its chemical. Recipes are compared as for batches, and
-- named as in their newest batch.
WITH recipes AS MATERIALIZED (
SELECT DISTINCT device_id, recipe
  FROM batch_rollup
 WHERE by_station
   AND device_id = ANY (SELECT device_id FROM device_last_seen
                         WHERE %(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND bucket >= %(now)s::timestamptz - INTERVAL '28 days 1 hour' AND bucket < %(now)s::timestamptz
   AND completed > 0
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
), last_batches AS MATERIALIZED (
SELECT device_id, recipe, recipe_key, begins_at, ends_at, place
  FROM (SELECT r.device_id, r.recipe, fold_name(r.recipe) AS recipe_key, b.begins_at, b.ends_at,
               row_number() OVER (PARTITION BY r.device_id, fold_name(r.recipe) ORDER BY b.begins_at DESC) AS place
          FROM recipes AS r
         CROSS JOIN LATERAL (SELECT begins_at, ends_at
                               FROM batches
                              WHERE device_id = r.device_id AND recipe = r.recipe AND status = 'complete' AND NOT gone
                                AND begins_at >= %(now)s::timestamptz - INTERVAL '28 days'
                                AND begins_at < %(now)s::timestamptz
                              ORDER BY begins_at DESC
                              LIMIT 20) AS b) AS numbered
 WHERE place <= 20
), used AS (
SELECT b.device_id, b.recipe_key, b.begins_at, fold_name(d.chemical) AS chemical_key, min(d.chemical) AS chemical,
       sum(d.actual_g) AS use_g
  FROM last_batches AS b
  JOIN dosing_consumption AS d ON d.device_id = b.device_id AND d.time >= b.begins_at AND d.time <= b.ends_at
                              AND (d.recipe = b.recipe OR d.recipe = '' OR fold_name(d.recipe) = b.recipe_key)
 WHERE d.time >= %(now)s::timestamptz - INTERVAL '28 days'
 GROUP BY 1, 2, 3, 4
HAVING bool_and(d.actual_g IS NOT NULL)
), medians AS (
SELECT device_id, recipe_key, chemical_key, min(chemical) AS chemical,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY use_g) AS median_g, count(*) AS batches
  FROM used
 GROUP BY 1, 2, 3
)
SELECT m.device_id, m.recipe_key, b.recipe, m.chemical_key, m.chemical, m.median_g, m.batches
  FROM medians AS m
  JOIN last_batches AS b ON b.device_id = m.device_id AND b.recipe_key = m.recipe_key AND b.place = 1
 WHERE m.median_g > 0
