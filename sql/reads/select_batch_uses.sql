-- What a batch takes of each chemical, in g, by station and recipe: the median of the recipe's last 20 completed batches of the
-- last 28 days. A batch with a dose that was not weighed has no use of its chemical. Recipes are compared as for batches, and
-- named as in their newest batch.
WITH RECURSIVE names AS (
SELECT s.device_id, (SELECT min(b.recipe) FROM batches AS b
                      WHERE b.device_id = s.device_id AND b.status = 'complete' AND NOT b.gone) AS recipe
  FROM device_last_seen AS s
 WHERE %(device)s::text[] IS NULL OR s.device_id = ANY (%(device)s::text[])
 UNION ALL
SELECT n.device_id, (SELECT min(b.recipe) FROM batches AS b
                      WHERE b.device_id = n.device_id AND b.status = 'complete' AND NOT b.gone AND b.recipe > n.recipe)
  FROM names AS n
 WHERE n.recipe IS NOT NULL
), last_batches AS MATERIALIZED (
SELECT device_id, recipe, recipe_key, begins_at, ends_at, place
  FROM (SELECT r.device_id, r.recipe, fold_name(r.recipe) AS recipe_key, b.begins_at, b.ends_at,
               row_number() OVER (PARTITION BY r.device_id, fold_name(r.recipe) ORDER BY b.begins_at DESC) AS place
          FROM names AS r
         CROSS JOIN LATERAL (SELECT begins_at, ends_at
                               FROM batches
                              WHERE device_id = r.device_id AND recipe = r.recipe AND status = 'complete' AND NOT gone
                                AND begins_at >= %(now)s::timestamptz - INTERVAL '28 days'
                                AND begins_at < %(now)s::timestamptz
                              ORDER BY begins_at DESC
                              LIMIT 20) AS b
         WHERE %(recipe)s::text[] IS NULL OR r.recipe = ANY (%(recipe)s::text[])) AS numbered
 WHERE place <= 20
), used AS (
SELECT b.device_id, b.recipe_key, d.chemical_key, d.chemical, d.use_g
  FROM last_batches AS b
 CROSS JOIN LATERAL (SELECT fold_name(o.chemical) AS chemical_key, min(o.chemical) AS chemical, sum(o.actual_g) AS use_g
                       FROM dosing_consumption AS o
                      WHERE o.device_id = b.device_id AND o.time >= b.begins_at AND o.time <= b.ends_at
                        AND o.time >= %(now)s::timestamptz - INTERVAL '28 days'
                        AND (o.recipe = b.recipe OR o.recipe = '' OR fold_name(o.recipe) = b.recipe_key)
                      GROUP BY 1  -- batch by batch: joined, the doses of 28 days would be compared with every batch
                     HAVING bool_and(o.actual_g IS NOT NULL)) AS d
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
