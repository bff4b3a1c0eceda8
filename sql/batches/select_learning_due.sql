-- True if no baseline was learned since learned_since and no learning run took place since looked_since.
SELECT NOT EXISTS (SELECT FROM batch_duration_baselines WHERE valid_from > %(learned_since)s AND batches > 0)
       AND NOT EXISTS (SELECT FROM batch_duration_baselines WHERE valid_from > %(looked_since)s) AS due
