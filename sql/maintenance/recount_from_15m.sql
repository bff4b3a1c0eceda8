-- Recounts the doses out of tolerance of a wider rollup from that of 15 minutes. Table and width are filled in.
UPDATE {rollup} AS r
   SET n_out_of_tol = counted.out
  FROM (SELECT date_bin({width}, bucket, '2000-01-01 00:00:00+00') AS bucket, device_id, chemical, recipe, mode,
               sum(n_out_of_tol) AS out
          FROM dosing_rollup_15m
         GROUP BY 1, 2, 3, 4, 5) AS counted
 WHERE r.bucket = counted.bucket
   AND r.device_id = counted.device_id
   AND r.chemical = counted.chemical
   AND r.recipe = counted.recipe
   AND r.mode = counted.mode
   AND r.n_out_of_tol <> counted.out
