-- Hours of the old aggregate without doses: stored unchanged, and added to the rollups as far as possible (mass, duration,
-- number of doses). Their errors are averages only and do not count for accuracy. Returns (read, stored).
WITH old AS (
    SELECT h.bucket, h.device_id, h.chemical, coalesce(h.recipe, '') AS recipe, coalesce(h.mode, '') AS mode,
           h.dose_count, h.total_grams, h.avg_grams, h.avg_error, h.avg_duration_ms::numeric AS avg_duration_ms,
           h.total_grams BETWEEN -1e12 AND 1e12 AS usable
      FROM adopted_dosing_consumption_hourly AS h
      LEFT JOIN (SELECT DISTINCT date_bin('1 hour', bucket, '2000-01-01 00:00:00+00') AS hour, device_id
                   FROM dosing_rollup_15m) AS d ON d.hour = h.bucket AND d.device_id = h.device_id
     WHERE d.hour IS NULL
), told AS (
    SELECT bucket, device_id, chemical, recipe, mode, sum(dose_count)::bigint AS doses,
           coalesce(sum(total_grams) FILTER (WHERE usable), 0) AS sum_actual_g,
           coalesce(sum(coalesce(round(total_grams / nullif(avg_grams, 0)), dose_count)) FILTER (WHERE usable), 0)
               ::bigint AS n_actual,
           coalesce(sum(round(avg_duration_ms * dose_count))
                    FILTER (WHERE avg_duration_ms BETWEEN 0 AND 300000), 0)::bigint AS sum_duration_ms,
           coalesce(sum(dose_count) FILTER (WHERE avg_duration_ms BETWEEN 0 AND 300000), 0)::bigint AS n_duration
      FROM old
     WHERE bucket >= '2020-01-01 00:00:00+00'
     GROUP BY 1, 2, 3, 4, 5
), kept AS (
    INSERT INTO dosing_hourly_history (bucket, device_id, chemical, recipe, mode, dose_count,
                                       total_grams, avg_grams, avg_error, avg_duration_ms)
    SELECT bucket, device_id, chemical, recipe, mode, dose_count, total_grams, avg_grams, avg_error, avg_duration_ms
      FROM old
    RETURNING 1
), per_quarter AS (
    INSERT INTO dosing_rollup_15m
    SELECT bucket, device_id, chemical, recipe, mode, doses, sum_actual_g, n_actual, 0, 0, 0, 0, 0,
           sum_duration_ms, n_duration
      FROM told
), per_six AS (
    INSERT INTO dosing_rollup_6h AS r (bucket, device_id, chemical, recipe, mode, doses, sum_actual_g, n_actual,
                                sum_error_g, sum_abs_error_g, sum_sq_error_g, n_error, n_out_of_tol,
                                sum_duration_ms, n_duration)
    SELECT date_bin('6 hours', bucket, '2000-01-01 00:00:00+00'), device_id, chemical, recipe, mode,
           sum(doses), sum(sum_actual_g), sum(n_actual), 0, 0, 0, 0, 0, sum(sum_duration_ms), sum(n_duration)
      FROM told
     GROUP BY 1, 2, 3, 4, 5
    ON CONFLICT (bucket, device_id, chemical, recipe, mode) DO UPDATE
       SET doses = r.doses + excluded.doses,
           sum_actual_g = r.sum_actual_g + excluded.sum_actual_g,
           n_actual = r.n_actual + excluded.n_actual,
           sum_duration_ms = r.sum_duration_ms + excluded.sum_duration_ms,
           n_duration = r.n_duration + excluded.n_duration
), per_plant AS (
    INSERT INTO plant_rollup AS r
    SELECT g.grain, date_bin(g.width, bucket, '2000-01-01 00:00:00+00'), CASE WHEN g.by_station THEN device_id ELSE '' END,
           CASE WHEN g.by_chemical THEN chemical ELSE '' END, recipe, mode,
           sum(doses), sum(sum_actual_g), sum(n_actual), 0, 0, 0, 0, 0, sum(sum_duration_ms), sum(n_duration)
      FROM told
     CROSS JOIN rollup_grains() AS g
     GROUP BY 1, 2, 3, 4, 5, 6
    ON CONFLICT (grain, device_id, bucket, chemical, recipe, mode) DO UPDATE
       SET doses = r.doses + excluded.doses,
           sum_actual_g = r.sum_actual_g + excluded.sum_actual_g,
           n_actual = r.n_actual + excluded.n_actual,
           sum_duration_ms = r.sum_duration_ms + excluded.sum_duration_ms,
           n_duration = r.n_duration + excluded.n_duration
)
SELECT (SELECT count(*) FROM old), (SELECT count(*) FROM kept)
