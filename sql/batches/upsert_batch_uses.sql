-- Store what the completed ones of these batches took of each chemical.
SELECT store_batch_uses(%(batch_key)s::text[])
