-- The baselines valid at some time in [from, to).
SELECT u.recipe, u.mode, u.chemical, u.valid_from, u.low_s, u.high_s, u.batches
  FROM batch_duration_baselines AS u
 WHERE u.recipe <> '' AND u.valid_from < %(to)s
   AND u.valid_from >= coalesce((SELECT max(o.valid_from) FROM batch_duration_baselines AS o
                                  WHERE o.recipe = u.recipe AND o.mode = u.mode AND o.valid_from <= %(from)s),
                                %(from)s)
 ORDER BY u.recipe, u.mode, u.valid_from, u.chemical
