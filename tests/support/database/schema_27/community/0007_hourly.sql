-- The guide's continuous aggregate, real-time: a dose is in it at once, whether a refresh has come by or not.
CREATE MATERIALIZED VIEW dosing_consumption_hourly
WITH (timescaledb.continuous, timescaledb.materialized_only = false) AS
SELECT time_bucket(INTERVAL '1 hour', time) AS bucket, device_id, chemical, recipe, mode,
       count(*) AS dose_count,
       sum(actual_g) AS total_grams,
       avg(actual_g) AS avg_grams,
       avg(error_g) AS avg_error,
       avg(duration_ms) AS avg_duration_ms
  FROM dosing_consumption
 GROUP BY 1, 2, 3, 4, 5
WITH NO DATA;
