-- Whether nothing was learned since a moment, and nobody has looked since another.
SELECT NOT EXISTS (SELECT FROM batch_duration_baselines WHERE valid_from > %(learned_since)s AND batches > 0)
       AND NOT EXISTS (SELECT FROM batch_duration_baselines WHERE valid_from > %(looked_since)s) AS due
