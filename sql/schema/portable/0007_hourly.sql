-- Apache edition and plain PostgreSQL have no continuous aggregates: the guide's name and columns over the rollup.
CREATE VIEW dosing_consumption_hourly AS
SELECT date_bin('1 hour', bucket, '2000-01-01 00:00:00+00') AS bucket, device_id, chemical, recipe, mode,
       sum(doses)::bigint AS dose_count,
       CASE WHEN sum(n_actual) > 0 THEN sum(sum_actual_g) END AS total_grams,
       sum(sum_actual_g) / nullif(sum(n_actual), 0)::float8 AS avg_grams,
       sum(sum_error_g) / nullif(sum(n_error), 0)::float8 AS avg_error,
       sum(sum_duration_ms) / nullif(sum(n_duration), 0) AS avg_duration_ms
  FROM dosing_rollup_15m
 GROUP BY 1, 2, 3, 4, 5;
