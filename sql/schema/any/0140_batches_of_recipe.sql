-- The last completed batches of a station's recipe, newest first: what a batch takes of each tank is the median of 20 of them. Without it,
-- they were looked for among all batches of the plant, recipe by recipe.
CREATE INDEX batches_of_recipe ON batches (device_id, recipe, begins_at) INCLUDE (ends_at) WHERE status = 'complete' AND NOT gone;
