-- What a batch takes of each chemical, in g, by station and recipe: the median of the recipe's last 20 completed batches of the
-- last 28 days. A batch with a dose that was not weighed has no use of its chemical. Recipes are compared as for batches, and
-- named as in their newest batch.
SELECT device_id, recipe_key, recipe, chemical_key, chemical, median_g, batches
  FROM batch_medians(%(now)s::timestamptz, %(device)s::text[], %(recipe)s::text[])
