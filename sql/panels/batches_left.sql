-- Whole batches of each recipe that a station's tanks hold, fewest first, and the ingredient that is used up first: the
-- remaining g / the median use of the recipe's last 20 completed batches of the last 28 days. A batch with a dose that was
-- not weighed has no use of its chemical; an ingredient without a level is named beside. Recipes are compared as for
-- batches, and named as in their newest batch. Retired stations and tanks are left out. It is the present state, whatever the window.
WITH
-- include materials/latest_tanks
, medians AS MATERIALIZED (
-- include reads/select_batch_uses
), ingredients AS (
SELECT m.device_id, m.recipe_key, m.recipe, coalesce(t.chemical, m.chemical) AS chemical, m.median_g, m.batches, t.remaining_g,
       CASE WHEN t.remaining_g IS NOT NULL THEN floor(greatest(t.remaining_g, 0) / m.median_g)::bigint END AS batches_left
  FROM medians AS m
  LEFT JOIN latest_tanks AS t USING (device_id, chemical_key)
 WHERE NOT EXISTS (SELECT FROM list_retired(%(site)s::text) AS r
                    WHERE r.device_id = m.device_id AND r.chemical IN ('', coalesce(t.chemical, m.chemical)))
)
SELECT s.device_id, s.recipe, s.batches_left, coalesce(s.scarcest, '') AS scarcest, s.remaining_g, s.median_use_g,
       coalesce(s.batches, 0) AS batches, coalesce(s.without_level, '') AS without_level
  FROM (SELECT device_id, recipe, min(batches_left) AS batches_left,
               (array_agg(chemical ORDER BY batches_left, chemical) FILTER (WHERE batches_left IS NOT NULL))[1] AS scarcest,
               (array_agg(remaining_g ORDER BY batches_left, chemical) FILTER (WHERE batches_left IS NOT NULL))[1]
                   AS remaining_g,
               (array_agg(median_g ORDER BY batches_left, chemical) FILTER (WHERE batches_left IS NOT NULL))[1]
                   AS median_use_g,
               (array_agg(batches ORDER BY batches_left, chemical) FILTER (WHERE batches_left IS NOT NULL))[1] AS batches,
               string_agg(chemical, ', ' ORDER BY chemical) FILTER (WHERE batches_left IS NULL) AS without_level
          FROM ingredients
         GROUP BY device_id, recipe_key, recipe) AS s
 ORDER BY batches_left NULLS LAST, s.device_id, s.recipe
