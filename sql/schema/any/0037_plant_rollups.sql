-- Long ranges are read from sums of all stations, and those of chosen stations by the station first: at 20 million doses
-- of 20 stations, 8 recipes and 12 chemicals, 90 days of six hours are 450,000 rows by all four, 35,000 without stations.
-- dosing_rollup_15m and dosing_rollup_6h stay; plant_rollup takes the place of dosing_rollup_1h and recipe_rollup_15m.

-- No dose may come between the old sums and the new.
LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE;

-- A histogram of errors is one number of groups of nine digits: the last group counts the doses of bin 0, the next those of
-- bin 1, up to bin 21. So histograms are added up as one column, by every rollup: 22 columns took most of the trigger's time.
CREATE FUNCTION bin_unit(error_g double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN error_g IS NOT NULL THEN ('1e' || 9 * public.dosing_error_bin(error_g))::numeric END;

CREATE FUNCTION bin_count(bins numeric, bin integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN mod(div(bins, ('1e' || 9 * bin)::numeric), 1e9)::bigint;

ALTER TABLE dosing_rollup_6h ADD COLUMN bins numeric NOT NULL DEFAULT 0;
UPDATE dosing_rollup_6h
   SET bins = b00 + b01 * 1e9 + b02 * 1e18 + b03 * 1e27 + b04 * 1e36 + b05 * 1e45 + b06 * 1e54 + b07 * 1e63 +
           b08 * 1e72 + b09 * 1e81 + b10 * 1e90 + b11 * 1e99 + b12 * 1e108 + b13 * 1e117 + b14 * 1e126 +
           b15 * 1e135 + b16 * 1e144 + b17 * 1e153 + b18 * 1e162 + b19 * 1e171 + b20 * 1e180 + b21 * 1e189;
ALTER TABLE dosing_rollup_6h
    DROP COLUMN b00, DROP COLUMN b01, DROP COLUMN b02, DROP COLUMN b03, DROP COLUMN b04, DROP COLUMN b05,
    DROP COLUMN b06, DROP COLUMN b07, DROP COLUMN b08, DROP COLUMN b09, DROP COLUMN b10, DROP COLUMN b11,
    DROP COLUMN b12, DROP COLUMN b13, DROP COLUMN b14, DROP COLUMN b15, DROP COLUMN b16, DROP COLUMN b17,
    DROP COLUMN b18, DROP COLUMN b19, DROP COLUMN b20, DROP COLUMN b21;

-- The sums that plant_rollup holds: of how long a bucket, by what beside recipe and mode, with the histogram or without.
CREATE FUNCTION rollup_grains()
RETURNS TABLE (grain smallint, width interval, by_station boolean, by_chemical boolean, has_bins boolean)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT g.grain::smallint, g.width, g.by_station, g.by_chemical, g.has_bins
  FROM (VALUES (1, INTERVAL '15 minutes', false, true, true),
               (2, INTERVAL '1 hour', false, true, false),
               (3, INTERVAL '6 hours', false, true, true),
               (4, INTERVAL '1 hour', true, false, false),
               (5, INTERVAL '1 hour', false, false, false)) AS g (grain, width, by_station, by_chemical, has_bins)
$$;

-- device_id and chemical are '' in grains that are not by them, bins is 0 in those without. The bins are those of dosing_error_bin(): 1 to 20 are of
-- 0.2 g from -2 g, 0 is below them, 21 is +2 g and above.
CREATE TABLE plant_rollup (
    grain           smallint         NOT NULL,
    bucket          timestamptz      NOT NULL,
    device_id       text             NOT NULL,
    chemical        text             NOT NULL,
    recipe          text             NOT NULL,
    mode            text             NOT NULL,
    doses           bigint           NOT NULL,
    sum_actual_g    double precision NOT NULL,
    n_actual        bigint           NOT NULL,
    sum_error_g     double precision NOT NULL,
    sum_abs_error_g double precision NOT NULL,
    sum_sq_error_g  double precision NOT NULL,
    n_error         bigint           NOT NULL,
    n_out_of_tol    bigint           NOT NULL,
    sum_duration_ms bigint           NOT NULL,
    n_duration      bigint           NOT NULL,
    bins            numeric          NOT NULL DEFAULT 0,
    PRIMARY KEY (grain, device_id, bucket, chemical, recipe, mode)
) WITH (fillfactor = 70);

-- Months of doses are summed in memory, not sorted on disk.
SET LOCAL work_mem = '256MB';
-- Errors of doses that are gone are known by six hours only.
WITH binned AS (
    SELECT date_bin('15 minutes', d.time, '2000-01-01 00:00:00+00') AS bucket, d.chemical, d.recipe, d.mode,
           sum(bin_unit(d.error_g)) AS bins
      FROM dosing_consumption AS d
     WHERE d.error_g IS NOT NULL
       AND (NOT EXISTS (SELECT FROM tolerance_rules WHERE least_dose_g > 0) OR is_weighable(d.time, d.target_g))
     GROUP BY 1, 2, 3, 4
), summed AS (
    SELECT bucket, chemical, recipe, mode,
           sum(doses) AS doses, sum(sum_actual_g) AS sum_actual_g, sum(n_actual) AS n_actual,
           sum(sum_error_g) AS sum_error_g, sum(sum_abs_error_g) AS sum_abs_error_g,
           sum(sum_sq_error_g) AS sum_sq_error_g, sum(n_error) AS n_error, sum(n_out_of_tol) AS n_out_of_tol,
           sum(sum_duration_ms) AS sum_duration_ms, sum(n_duration) AS n_duration
      FROM dosing_rollup_15m
     GROUP BY 1, 2, 3, 4
)
INSERT INTO plant_rollup
SELECT 1, bucket, '', chemical, recipe, mode,
       doses, sum_actual_g, n_actual, sum_error_g, sum_abs_error_g, sum_sq_error_g, n_error, n_out_of_tol,
       sum_duration_ms, n_duration, coalesce(bins, 0)
  FROM summed
  LEFT JOIN binned USING (bucket, chemical, recipe, mode)
 ORDER BY bucket;

INSERT INTO plant_rollup
SELECT 3, bucket, '', chemical, recipe, mode,
       sum(doses), sum(sum_actual_g), sum(n_actual), sum(sum_error_g), sum(sum_abs_error_g), sum(sum_sq_error_g),
       sum(n_error), sum(n_out_of_tol), sum(sum_duration_ms), sum(n_duration), sum(bins)
  FROM dosing_rollup_6h
 GROUP BY bucket, chemical, recipe, mode
 ORDER BY bucket;

INSERT INTO plant_rollup
SELECT 4, date_bin('1 hour', bucket, '2000-01-01 00:00:00+00'), device_id, '', recipe, mode,
       sum(doses), sum(sum_actual_g), sum(n_actual), sum(sum_error_g), sum(sum_abs_error_g), sum(sum_sq_error_g),
       sum(n_error), sum(n_out_of_tol), sum(sum_duration_ms), sum(n_duration)
  FROM dosing_rollup_15m
 GROUP BY 2, 3, 5, 6
 ORDER BY 2;
INSERT INTO plant_rollup
SELECT 2, date_bin('1 hour', bucket, '2000-01-01 00:00:00+00'), '', chemical, recipe, mode,
       sum(doses), sum(sum_actual_g), sum(n_actual), sum(sum_error_g), sum(sum_abs_error_g), sum(sum_sq_error_g),
       sum(n_error), sum(n_out_of_tol), sum(sum_duration_ms), sum(n_duration)
  FROM plant_rollup
 WHERE grain = 1
 GROUP BY 2, 4, 5, 6
 ORDER BY 2;
INSERT INTO plant_rollup
SELECT 5, bucket, '', '', recipe, mode,
       sum(doses), sum(sum_actual_g), sum(n_actual), sum(sum_error_g), sum(sum_abs_error_g), sum(sum_sq_error_g),
       sum(n_error), sum(n_out_of_tol), sum(sum_duration_ms), sum(n_duration)
  FROM plant_rollup
 WHERE grain = 2
 GROUP BY bucket, recipe, mode
 ORDER BY bucket;
DROP TABLE dosing_rollup_1h, recipe_rollup_15m;
SELECT copy_dose_grants('public.plant_rollup', VARIADIC '{}');

-- By the station first; those of all stations in a range, which few statements read, are found by ranges of pages.
ALTER TABLE dosing_rollup_15m DROP CONSTRAINT dosing_rollup_15m_pkey;
ALTER TABLE dosing_rollup_15m ADD PRIMARY KEY (device_id, bucket, chemical, recipe, mode);
CREATE INDEX dosing_rollup_15m_time ON dosing_rollup_15m
    USING brin (bucket, date_bin('1 hour', bucket, '2000-01-01 00:00:00+00')) WITH (pages_per_range = 32, autosummarize = on);
ALTER TABLE dosing_rollup_6h DROP CONSTRAINT dosing_rollup_6h_pkey;
ALTER TABLE dosing_rollup_6h ADD PRIMARY KEY (device_id, bucket, chemical, recipe, mode);
CREATE INDEX dosing_rollup_6h_time ON dosing_rollup_6h USING brin (bucket) WITH (pages_per_range = 32, autosummarize = on);

-- Every dose is judged once, and every group of them added up once, for all rollups.
CREATE OR REPLACE FUNCTION roll_up_doses() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    WITH base AS MATERIALIZED (
        SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00') AS bucket, device_id, chemical, recipe, mode,
               (count(*))::integer AS doses, coalesce(sum(actual_g), 0) AS sum_actual_g,
               count(actual_g)::integer AS n_actual, coalesce(sum(error_g), 0) AS sum_error_g,
               coalesce(sum(abs(error_g)), 0) AS sum_abs_error_g,
               coalesce(sum(error_g * error_g), 0) AS sum_sq_error_g, count(error_g)::integer AS n_error,
               (count(*) FILTER (WHERE is_out))::integer AS n_out_of_tol,
               coalesce(sum(duration_ms), 0) AS sum_duration_ms, count(duration_ms)::integer AS n_duration,
               coalesce(sum(bin_unit(error_g)), 0) AS bins
          FROM (SELECT n.time, n.device_id, n.chemical, n.recipe, n.mode, n.actual_g, j.error_g, j.is_out,
                       plausible_duration_ms(n.duration_ms) AS duration_ms
                  FROM new_rows AS n
                 CROSS JOIN LATERAL judge_dose(n.time, n.recipe, n.mode, n.chemical, n.pump, n.target_g, n.error_g) AS j
                OFFSET 0) AS judged
         GROUP BY 1, 2, 3, 4, 5 ORDER BY 2, 1, 3, 4, 5
    ), quarters AS (
        INSERT INTO dosing_rollup_15m AS r
        SELECT bucket, device_id, chemical, recipe, mode,
               doses, sum_actual_g, n_actual, sum_error_g, sum_abs_error_g, sum_sq_error_g, n_error, n_out_of_tol,
               sum_duration_ms, n_duration
          FROM base
        ON CONFLICT (device_id, bucket, chemical, recipe, mode) DO UPDATE
           SET doses = r.doses + excluded.doses, sum_actual_g = r.sum_actual_g + excluded.sum_actual_g,
               n_actual = r.n_actual + excluded.n_actual, sum_error_g = r.sum_error_g + excluded.sum_error_g,
               sum_abs_error_g = r.sum_abs_error_g + excluded.sum_abs_error_g,
               sum_sq_error_g = r.sum_sq_error_g + excluded.sum_sq_error_g, n_error = r.n_error + excluded.n_error,
               n_out_of_tol = r.n_out_of_tol + excluded.n_out_of_tol,
               sum_duration_ms = r.sum_duration_ms + excluded.sum_duration_ms,
               n_duration = r.n_duration + excluded.n_duration
    ), sixes AS (
        INSERT INTO dosing_rollup_6h AS r
        SELECT date_bin('6 hours', bucket, '2000-01-01 00:00:00+00'), device_id, chemical, recipe, mode,
               sum(doses), sum(sum_actual_g), sum(n_actual), sum(sum_error_g), sum(sum_abs_error_g),
               sum(sum_sq_error_g), sum(n_error), sum(n_out_of_tol), sum(sum_duration_ms), sum(n_duration), sum(bins)
          FROM base GROUP BY 1, 2, 3, 4, 5 ORDER BY 2, 1, 3, 4, 5
        ON CONFLICT (device_id, bucket, chemical, recipe, mode) DO UPDATE
           SET doses = r.doses + excluded.doses, sum_actual_g = r.sum_actual_g + excluded.sum_actual_g,
               n_actual = r.n_actual + excluded.n_actual, sum_error_g = r.sum_error_g + excluded.sum_error_g,
               sum_abs_error_g = r.sum_abs_error_g + excluded.sum_abs_error_g,
               sum_sq_error_g = r.sum_sq_error_g + excluded.sum_sq_error_g, n_error = r.n_error + excluded.n_error,
               n_out_of_tol = r.n_out_of_tol + excluded.n_out_of_tol,
               sum_duration_ms = r.sum_duration_ms + excluded.sum_duration_ms,
               n_duration = r.n_duration + excluded.n_duration, bins = r.bins + excluded.bins
    )
    INSERT INTO plant_rollup AS r
    SELECT g.grain, date_bin(g.width, bucket, '2000-01-01 00:00:00+00'), CASE WHEN g.by_station THEN device_id ELSE '' END,
           CASE WHEN g.by_chemical THEN chemical ELSE '' END, recipe, mode,
           sum(doses), sum(sum_actual_g), sum(n_actual), sum(sum_error_g), sum(sum_abs_error_g), sum(sum_sq_error_g),
           sum(n_error), sum(n_out_of_tol), sum(sum_duration_ms), sum(n_duration), sum(CASE WHEN g.has_bins THEN bins ELSE 0 END)
      FROM base
     CROSS JOIN rollup_grains() AS g
     GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 3, 2, 4, 5, 6
    ON CONFLICT (grain, device_id, bucket, chemical, recipe, mode) DO UPDATE
       SET doses = r.doses + excluded.doses, sum_actual_g = r.sum_actual_g + excluded.sum_actual_g,
           n_actual = r.n_actual + excluded.n_actual, sum_error_g = r.sum_error_g + excluded.sum_error_g,
           sum_abs_error_g = r.sum_abs_error_g + excluded.sum_abs_error_g,
           sum_sq_error_g = r.sum_sq_error_g + excluded.sum_sq_error_g, n_error = r.n_error + excluded.n_error,
           n_out_of_tol = r.n_out_of_tol + excluded.n_out_of_tol,
           sum_duration_ms = r.sum_duration_ms + excluded.sum_duration_ms,
           n_duration = r.n_duration + excluded.n_duration, bins = r.bins + excluded.bins;
    RETURN NULL;
END $$;

-- Counts anew the errors of the doses from a time on, of one recipe or of all, in the buckets whose doses are all stored:
-- a dose that was made since a rule holds may have been counted before the rule was entered.
CREATE OR REPLACE FUNCTION recount_errors(since timestamptz, of_recipe_key text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE;
    WITH base AS MATERIALIZED (
        SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00') AS bucket, device_id, chemical, recipe, mode,
               (count(*))::integer AS doses, coalesce(sum(error_g), 0) AS sum_error_g,
               coalesce(sum(abs(error_g)), 0) AS sum_abs_error_g,
               coalesce(sum(error_g * error_g), 0) AS sum_sq_error_g, count(error_g)::integer AS n_error,
               (count(*) FILTER (WHERE is_out))::integer AS n_out_of_tol, coalesce(sum(bin_unit(error_g)), 0) AS bins
          FROM (SELECT d.time, d.device_id, d.chemical, d.recipe, d.mode, j.error_g, j.is_out
                  FROM dosing_consumption AS d
                 CROSS JOIN LATERAL judge_dose(d.time, d.recipe, d.mode, d.chemical, d.pump, d.target_g, d.error_g) AS j
                 WHERE d.time >= date_bin('6 hours', since, '2000-01-01 00:00:00+00')
                   AND (of_recipe_key IS NULL OR fold_name(d.recipe) = of_recipe_key)
                OFFSET 0) AS judged
         GROUP BY 1, 2, 3, 4, 5
    ), quarters AS (
        UPDATE dosing_rollup_15m AS r
           SET sum_error_g = c.sum_error_g, sum_abs_error_g = c.sum_abs_error_g, sum_sq_error_g = c.sum_sq_error_g,
               n_error = c.n_error, n_out_of_tol = c.n_out_of_tol
          FROM base AS c
         WHERE (r.bucket, r.device_id, r.chemical, r.recipe, r.mode, r.doses)
             = (c.bucket, c.device_id, c.chemical, c.recipe, c.mode, c.doses)
           AND (r.n_error, r.n_out_of_tol) <> (c.n_error, c.n_out_of_tol)
    ), sixes AS (
        UPDATE dosing_rollup_6h AS r
           SET sum_error_g = c.sum_error_g, sum_abs_error_g = c.sum_abs_error_g, sum_sq_error_g = c.sum_sq_error_g,
               n_error = c.n_error, n_out_of_tol = c.n_out_of_tol, bins = c.bins
          FROM (SELECT date_bin('6 hours', bucket, '2000-01-01 00:00:00+00') AS bucket, device_id, chemical, recipe, mode,
                       sum(doses) AS doses, sum(sum_error_g) AS sum_error_g, sum(sum_abs_error_g) AS sum_abs_error_g,
                       sum(sum_sq_error_g) AS sum_sq_error_g, sum(n_error) AS n_error,
                       sum(n_out_of_tol) AS n_out_of_tol, sum(bins) AS bins
                  FROM base GROUP BY 1, 2, 3, 4, 5) AS c
         WHERE (r.bucket, r.device_id, r.chemical, r.recipe, r.mode, r.doses)
             = (c.bucket, c.device_id, c.chemical, c.recipe, c.mode, c.doses)
           AND (r.n_error, r.n_out_of_tol) <> (c.n_error, c.n_out_of_tol)
    )
    UPDATE plant_rollup AS r
       SET sum_error_g = c.sum_error_g, sum_abs_error_g = c.sum_abs_error_g, sum_sq_error_g = c.sum_sq_error_g,
           n_error = c.n_error, n_out_of_tol = c.n_out_of_tol, bins = c.bins
      FROM (SELECT g.grain, date_bin(g.width, bucket, '2000-01-01 00:00:00+00') AS bucket,
                   CASE WHEN g.by_station THEN device_id ELSE '' END AS device_id,
                   CASE WHEN g.by_chemical THEN chemical ELSE '' END AS chemical, recipe, mode,
                   sum(doses) AS doses, sum(sum_error_g) AS sum_error_g, sum(sum_abs_error_g) AS sum_abs_error_g,
                   sum(sum_sq_error_g) AS sum_sq_error_g, sum(n_error) AS n_error, sum(n_out_of_tol) AS n_out_of_tol,
                   sum(CASE WHEN g.has_bins THEN bins ELSE 0 END) AS bins
              FROM base
             CROSS JOIN rollup_grains() AS g
             GROUP BY 1, 2, 3, 4, 5, 6) AS c
     WHERE (r.grain, r.bucket, r.device_id, r.chemical, r.recipe, r.mode, r.doses)
         = (c.grain, c.bucket, c.device_id, c.chemical, c.recipe, c.mode, c.doses)
       AND (r.n_error, r.n_out_of_tol) <> (c.n_error, c.n_out_of_tol);
END $$;
