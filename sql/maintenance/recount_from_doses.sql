-- Recounts the doses out of tolerance of every 15 minutes whose doses are all stored.
UPDATE dosing_rollup_15m AS r
   SET n_out_of_tol = counted.out
  FROM (SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00') AS bucket, device_id, chemical, recipe, mode,
               count(*) AS doses, count(*) FILTER (WHERE abs(error_g) > rule.tolerance_g) AS out
          FROM dosing_consumption
         CROSS JOIN plant_limits AS rule
         GROUP BY 1, 2, 3, 4, 5) AS counted
 WHERE r.bucket = counted.bucket
   AND r.device_id = counted.device_id
   AND r.chemical = counted.chemical
   AND r.recipe = counted.recipe
   AND r.mode = counted.mode
   AND r.doses = counted.doses
   AND r.n_out_of_tol <> counted.out
