-- Whole batches of each recipe that a station's tanks hold, fewest first, and the ingredient that is used up first: the
-- remaining g / the median use of the recipe's last 20 completed batches of the last 28 days. It is the present state,
-- whatever the window.
WITH recipes AS MATERIALIZED (
SELECT DISTINCT device_id, recipe
  FROM batch_rollup
 WHERE by_station
   AND device_id = ANY (SELECT device_id FROM latest_inventory
                         WHERE %(device)s::text[] IS NULL OR device_id = ANY (%(device)s::text[]))
   AND bucket >= %(now)s::timestamptz - INTERVAL '28 days 1 hour' AND bucket < %(now)s::timestamptz
   AND completed > 0
   AND (%(recipe)s::text[] IS NULL OR recipe = ANY (%(recipe)s::text[]))
), last_batches AS MATERIALIZED (
SELECT r.device_id, r.recipe, b.begins_at, b.ends_at
  FROM recipes AS r
 CROSS JOIN LATERAL (SELECT begins_at, ends_at
                       FROM batches
                      WHERE device_id = r.device_id AND recipe = r.recipe AND status = 'complete' AND NOT gone
                        AND begins_at >= %(now)s::timestamptz - INTERVAL '28 days' AND begins_at < %(now)s::timestamptz
                      ORDER BY begins_at DESC
                      LIMIT 20) AS b
), used AS (
SELECT b.device_id, b.recipe, b.begins_at, d.chemical, sum(d.actual_g) AS use_g
  FROM last_batches AS b
  JOIN dosing_consumption AS d ON d.device_id = b.device_id AND d.recipe = b.recipe
                              AND d.time >= b.begins_at AND d.time <= b.ends_at
 WHERE d.time >= %(now)s::timestamptz - INTERVAL '28 days'
   AND d.actual_g IS NOT NULL
 GROUP BY 1, 2, 3, 4
), medians AS (
SELECT device_id, recipe, chemical, percentile_cont(0.5) WITHIN GROUP (ORDER BY use_g) AS median_g, count(*) AS batches
  FROM used
 GROUP BY 1, 2, 3
)
SELECT device_id, recipe, batches_left, scarcest, remaining_g, median_use_g, batches
  FROM (SELECT DISTINCT ON (m.device_id, m.recipe) m.device_id, m.recipe,
               floor(greatest(t.remaining_g, 0) / m.median_g)::bigint AS batches_left,
       m.chemical AS scarcest, t.remaining_g, m.median_g AS median_use_g, m.batches
  FROM medians AS m
  JOIN latest_inventory AS t USING (device_id, chemical)
 WHERE m.median_g > 0
   AND t.remaining_g IS NOT NULL
 ORDER BY m.device_id, m.recipe, batches_left, m.chemical) AS scarcest_of_each
 ORDER BY batches_left, device_id, recipe
