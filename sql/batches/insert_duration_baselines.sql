-- Add learned baselines.
INSERT INTO batch_duration_baselines (recipe, mode, chemical, valid_from, low_s, high_s, batches)
SELECT given.recipe, given.mode, given.chemical, %(valid_from)s, given.low_s, given.high_s, given.batches
  FROM unnest(%(recipe)s::text[], %(mode)s::text[], %(chemical)s::text[], %(low_s)s::float8[], %(high_s)s::float8[],
              %(batches)s::int[]) AS given (recipe, mode, chemical, low_s, high_s, batches)
