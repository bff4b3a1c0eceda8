-- Long ranges are read from sums of all stations, and those of chosen stations by the station first: at 20 million doses
-- of 20 stations, 8 recipes and 12 chemicals, 90 days of six hours are 450,000 rows by all four, 35,000 without stations.
-- dosing_rollup_15m and dosing_rollup_6h stay; plant_rollup takes the place of dosing_rollup_1h and recipe_rollup_15m.

-- No dose may come between the old sums and the new.
LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE;

-- The sums that plant_rollup holds: of how long a bucket, by what beside recipe and mode. empty_bin: 0 with the
-- histogram of errors, NULL without.
CREATE FUNCTION rollup_grains()
RETURNS TABLE (grain smallint, width interval, by_station boolean, by_chemical boolean, empty_bin integer)
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT g.grain::smallint, g.width, g.by_station, g.by_chemical, g.empty_bin
  FROM (VALUES (1, INTERVAL '15 minutes', false, true, 0),
               (2, INTERVAL '1 hour', false, true, NULL),
               (3, INTERVAL '6 hours', false, true, 0),
               (4, INTERVAL '1 hour', true, false, NULL),
               (5, INTERVAL '1 hour', false, false, NULL)) AS g (grain, width, by_station, by_chemical, empty_bin)
$$;

-- device_id and chemical are '' in grains that are not by them. b01..b20 are the histogram of errors in bins of 0.2 g from
-- -2 g, b00 is below them, b21 is +2 g and above; NULL in grains without it.
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
    b00 integer, b01 integer, b02 integer, b03 integer, b04 integer, b05 integer, b06 integer, b07 integer,
    b08 integer, b09 integer, b10 integer, b11 integer, b12 integer, b13 integer, b14 integer, b15 integer,
    b16 integer, b17 integer, b18 integer, b19 integer, b20 integer, b21 integer,
    PRIMARY KEY (grain, device_id, bucket, chemical, recipe, mode)
) WITH (fillfactor = 70);

-- Months of doses are summed in memory, not sorted on disk.
SET LOCAL work_mem = '256MB';
-- Errors of doses that are gone are known by six hours only.
WITH binned AS (
    SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00') AS bucket, chemical, recipe, mode,
           count(*) FILTER (WHERE bin = 0) AS b00, count(*) FILTER (WHERE bin = 1) AS b01,
           count(*) FILTER (WHERE bin = 2) AS b02, count(*) FILTER (WHERE bin = 3) AS b03,
           count(*) FILTER (WHERE bin = 4) AS b04, count(*) FILTER (WHERE bin = 5) AS b05,
           count(*) FILTER (WHERE bin = 6) AS b06, count(*) FILTER (WHERE bin = 7) AS b07,
           count(*) FILTER (WHERE bin = 8) AS b08, count(*) FILTER (WHERE bin = 9) AS b09,
           count(*) FILTER (WHERE bin = 10) AS b10, count(*) FILTER (WHERE bin = 11) AS b11,
           count(*) FILTER (WHERE bin = 12) AS b12, count(*) FILTER (WHERE bin = 13) AS b13,
           count(*) FILTER (WHERE bin = 14) AS b14, count(*) FILTER (WHERE bin = 15) AS b15,
           count(*) FILTER (WHERE bin = 16) AS b16, count(*) FILTER (WHERE bin = 17) AS b17,
           count(*) FILTER (WHERE bin = 18) AS b18, count(*) FILTER (WHERE bin = 19) AS b19,
           count(*) FILTER (WHERE bin = 20) AS b20, count(*) FILTER (WHERE bin = 21) AS b21
      FROM (SELECT d.time, d.chemical, d.recipe, d.mode, dosing_error_bin(d.error_g) AS bin
              FROM dosing_consumption AS d
             WHERE d.error_g IS NOT NULL
               AND (NOT EXISTS (SELECT FROM tolerance_rules WHERE least_dose_g > 0) OR is_weighable(d.time, d.target_g))
            OFFSET 0) AS dose  -- OFFSET: else bin is worked out anew for each of its 22 columns
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
       sum_duration_ms, n_duration,
       coalesce(b00, 0), coalesce(b01, 0), coalesce(b02, 0), coalesce(b03, 0), coalesce(b04, 0), coalesce(b05, 0),
       coalesce(b06, 0), coalesce(b07, 0), coalesce(b08, 0), coalesce(b09, 0), coalesce(b10, 0), coalesce(b11, 0),
       coalesce(b12, 0), coalesce(b13, 0), coalesce(b14, 0), coalesce(b15, 0), coalesce(b16, 0), coalesce(b17, 0),
       coalesce(b18, 0), coalesce(b19, 0), coalesce(b20, 0), coalesce(b21, 0)
  FROM summed
  LEFT JOIN binned USING (bucket, chemical, recipe, mode)
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

INSERT INTO plant_rollup
SELECT 3, bucket, '', chemical, recipe, mode,
       sum(doses), sum(sum_actual_g), sum(n_actual), sum(sum_error_g), sum(sum_abs_error_g), sum(sum_sq_error_g),
       sum(n_error), sum(n_out_of_tol), sum(sum_duration_ms), sum(n_duration), sum(b00), sum(b01), sum(b02), sum(b03),
       sum(b04), sum(b05), sum(b06), sum(b07), sum(b08), sum(b09), sum(b10), sum(b11), sum(b12), sum(b13), sum(b14),
       sum(b15), sum(b16), sum(b17), sum(b18), sum(b19), sum(b20), sum(b21)
  FROM dosing_rollup_6h
 GROUP BY bucket, chemical, recipe, mode
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
               count(*) AS doses, coalesce(sum(actual_g), 0) AS sum_actual_g, count(actual_g) AS n_actual,
               coalesce(sum(error_g), 0) AS sum_error_g, coalesce(sum(abs(error_g)), 0) AS sum_abs_error_g,
               coalesce(sum(error_g * error_g), 0) AS sum_sq_error_g, count(error_g) AS n_error,
               count(*) FILTER (WHERE is_out) AS n_out_of_tol, coalesce(sum(duration_ms), 0) AS sum_duration_ms,
               count(duration_ms) AS n_duration,
               count(*) FILTER (WHERE bin = 0) AS b00, count(*) FILTER (WHERE bin = 1) AS b01,
               count(*) FILTER (WHERE bin = 2) AS b02, count(*) FILTER (WHERE bin = 3) AS b03,
               count(*) FILTER (WHERE bin = 4) AS b04, count(*) FILTER (WHERE bin = 5) AS b05,
               count(*) FILTER (WHERE bin = 6) AS b06, count(*) FILTER (WHERE bin = 7) AS b07,
               count(*) FILTER (WHERE bin = 8) AS b08, count(*) FILTER (WHERE bin = 9) AS b09,
               count(*) FILTER (WHERE bin = 10) AS b10, count(*) FILTER (WHERE bin = 11) AS b11,
               count(*) FILTER (WHERE bin = 12) AS b12, count(*) FILTER (WHERE bin = 13) AS b13,
               count(*) FILTER (WHERE bin = 14) AS b14, count(*) FILTER (WHERE bin = 15) AS b15,
               count(*) FILTER (WHERE bin = 16) AS b16, count(*) FILTER (WHERE bin = 17) AS b17,
               count(*) FILTER (WHERE bin = 18) AS b18, count(*) FILTER (WHERE bin = 19) AS b19,
               count(*) FILTER (WHERE bin = 20) AS b20, count(*) FILTER (WHERE bin = 21) AS b21
          FROM (SELECT n.time, n.device_id, n.chemical, n.recipe, n.mode, n.actual_g, j.error_g, j.is_out,
                       plausible_duration_ms(n.duration_ms) AS duration_ms, dosing_error_bin(j.error_g) AS bin
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
               sum(sum_sq_error_g), sum(n_error), sum(n_out_of_tol), sum(sum_duration_ms), sum(n_duration), sum(b00),
               sum(b01), sum(b02), sum(b03), sum(b04), sum(b05), sum(b06), sum(b07), sum(b08), sum(b09), sum(b10),
               sum(b11), sum(b12), sum(b13), sum(b14), sum(b15), sum(b16), sum(b17), sum(b18), sum(b19), sum(b20),
               sum(b21)
          FROM base GROUP BY 1, 2, 3, 4, 5 ORDER BY 2, 1, 3, 4, 5
        ON CONFLICT (device_id, bucket, chemical, recipe, mode) DO UPDATE
           SET doses = r.doses + excluded.doses, sum_actual_g = r.sum_actual_g + excluded.sum_actual_g,
               n_actual = r.n_actual + excluded.n_actual, sum_error_g = r.sum_error_g + excluded.sum_error_g,
               sum_abs_error_g = r.sum_abs_error_g + excluded.sum_abs_error_g,
               sum_sq_error_g = r.sum_sq_error_g + excluded.sum_sq_error_g, n_error = r.n_error + excluded.n_error,
               n_out_of_tol = r.n_out_of_tol + excluded.n_out_of_tol,
               sum_duration_ms = r.sum_duration_ms + excluded.sum_duration_ms,
               n_duration = r.n_duration + excluded.n_duration, b00 = r.b00 + excluded.b00, b01 = r.b01 + excluded.b01,
               b02 = r.b02 + excluded.b02, b03 = r.b03 + excluded.b03, b04 = r.b04 + excluded.b04,
               b05 = r.b05 + excluded.b05, b06 = r.b06 + excluded.b06, b07 = r.b07 + excluded.b07,
               b08 = r.b08 + excluded.b08, b09 = r.b09 + excluded.b09, b10 = r.b10 + excluded.b10,
               b11 = r.b11 + excluded.b11, b12 = r.b12 + excluded.b12, b13 = r.b13 + excluded.b13,
               b14 = r.b14 + excluded.b14, b15 = r.b15 + excluded.b15, b16 = r.b16 + excluded.b16,
               b17 = r.b17 + excluded.b17, b18 = r.b18 + excluded.b18, b19 = r.b19 + excluded.b19,
               b20 = r.b20 + excluded.b20, b21 = r.b21 + excluded.b21
    )
    INSERT INTO plant_rollup AS r
    SELECT g.grain, date_bin(g.width, bucket, '2000-01-01 00:00:00+00'), CASE WHEN g.by_station THEN device_id ELSE '' END,
           CASE WHEN g.by_chemical THEN chemical ELSE '' END, recipe, mode,
           sum(doses), sum(sum_actual_g), sum(n_actual), sum(sum_error_g), sum(sum_abs_error_g), sum(sum_sq_error_g),
           sum(n_error), sum(n_out_of_tol), sum(sum_duration_ms), sum(n_duration),
           sum(b00) + g.empty_bin, sum(b01) + g.empty_bin, sum(b02) + g.empty_bin, sum(b03) + g.empty_bin,
           sum(b04) + g.empty_bin, sum(b05) + g.empty_bin, sum(b06) + g.empty_bin, sum(b07) + g.empty_bin,
           sum(b08) + g.empty_bin, sum(b09) + g.empty_bin, sum(b10) + g.empty_bin, sum(b11) + g.empty_bin,
           sum(b12) + g.empty_bin, sum(b13) + g.empty_bin, sum(b14) + g.empty_bin, sum(b15) + g.empty_bin,
           sum(b16) + g.empty_bin, sum(b17) + g.empty_bin, sum(b18) + g.empty_bin, sum(b19) + g.empty_bin,
           sum(b20) + g.empty_bin, sum(b21) + g.empty_bin
      FROM base
     CROSS JOIN rollup_grains() AS g
     GROUP BY 1, 2, 3, 4, 5, 6, g.empty_bin ORDER BY 1, 3, 2, 4, 5, 6
    ON CONFLICT (grain, device_id, bucket, chemical, recipe, mode) DO UPDATE
       SET doses = r.doses + excluded.doses, sum_actual_g = r.sum_actual_g + excluded.sum_actual_g,
           n_actual = r.n_actual + excluded.n_actual, sum_error_g = r.sum_error_g + excluded.sum_error_g,
           sum_abs_error_g = r.sum_abs_error_g + excluded.sum_abs_error_g,
           sum_sq_error_g = r.sum_sq_error_g + excluded.sum_sq_error_g, n_error = r.n_error + excluded.n_error,
           n_out_of_tol = r.n_out_of_tol + excluded.n_out_of_tol,
           sum_duration_ms = r.sum_duration_ms + excluded.sum_duration_ms,
           n_duration = r.n_duration + excluded.n_duration, b00 = r.b00 + excluded.b00, b01 = r.b01 + excluded.b01,
           b02 = r.b02 + excluded.b02, b03 = r.b03 + excluded.b03, b04 = r.b04 + excluded.b04,
           b05 = r.b05 + excluded.b05, b06 = r.b06 + excluded.b06, b07 = r.b07 + excluded.b07,
           b08 = r.b08 + excluded.b08, b09 = r.b09 + excluded.b09, b10 = r.b10 + excluded.b10,
           b11 = r.b11 + excluded.b11, b12 = r.b12 + excluded.b12, b13 = r.b13 + excluded.b13,
           b14 = r.b14 + excluded.b14, b15 = r.b15 + excluded.b15, b16 = r.b16 + excluded.b16,
           b17 = r.b17 + excluded.b17, b18 = r.b18 + excluded.b18, b19 = r.b19 + excluded.b19,
           b20 = r.b20 + excluded.b20, b21 = r.b21 + excluded.b21;
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
               count(*) AS doses, coalesce(sum(error_g), 0) AS sum_error_g,
               coalesce(sum(abs(error_g)), 0) AS sum_abs_error_g,
               coalesce(sum(error_g * error_g), 0) AS sum_sq_error_g, count(error_g) AS n_error,
               count(*) FILTER (WHERE is_out) AS n_out_of_tol,
               count(*) FILTER (WHERE bin = 0) AS b00, count(*) FILTER (WHERE bin = 1) AS b01,
               count(*) FILTER (WHERE bin = 2) AS b02, count(*) FILTER (WHERE bin = 3) AS b03,
               count(*) FILTER (WHERE bin = 4) AS b04, count(*) FILTER (WHERE bin = 5) AS b05,
               count(*) FILTER (WHERE bin = 6) AS b06, count(*) FILTER (WHERE bin = 7) AS b07,
               count(*) FILTER (WHERE bin = 8) AS b08, count(*) FILTER (WHERE bin = 9) AS b09,
               count(*) FILTER (WHERE bin = 10) AS b10, count(*) FILTER (WHERE bin = 11) AS b11,
               count(*) FILTER (WHERE bin = 12) AS b12, count(*) FILTER (WHERE bin = 13) AS b13,
               count(*) FILTER (WHERE bin = 14) AS b14, count(*) FILTER (WHERE bin = 15) AS b15,
               count(*) FILTER (WHERE bin = 16) AS b16, count(*) FILTER (WHERE bin = 17) AS b17,
               count(*) FILTER (WHERE bin = 18) AS b18, count(*) FILTER (WHERE bin = 19) AS b19,
               count(*) FILTER (WHERE bin = 20) AS b20, count(*) FILTER (WHERE bin = 21) AS b21
          FROM (SELECT d.time, d.device_id, d.chemical, d.recipe, d.mode, j.error_g, j.is_out,
                       dosing_error_bin(j.error_g) AS bin
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
               n_error = c.n_error, n_out_of_tol = c.n_out_of_tol,
               b00 = c.b00, b01 = c.b01, b02 = c.b02, b03 = c.b03, b04 = c.b04, b05 = c.b05, b06 = c.b06, b07 = c.b07,
               b08 = c.b08, b09 = c.b09, b10 = c.b10, b11 = c.b11, b12 = c.b12, b13 = c.b13, b14 = c.b14, b15 = c.b15,
               b16 = c.b16, b17 = c.b17, b18 = c.b18, b19 = c.b19, b20 = c.b20, b21 = c.b21
          FROM (SELECT date_bin('6 hours', bucket, '2000-01-01 00:00:00+00') AS bucket, device_id, chemical, recipe, mode,
                       sum(doses) AS doses, sum(sum_error_g) AS sum_error_g, sum(sum_abs_error_g) AS sum_abs_error_g,
                       sum(sum_sq_error_g) AS sum_sq_error_g, sum(n_error) AS n_error,
                       sum(n_out_of_tol) AS n_out_of_tol,
                       sum(b00) AS b00, sum(b01) AS b01, sum(b02) AS b02, sum(b03) AS b03, sum(b04) AS b04,
                       sum(b05) AS b05, sum(b06) AS b06, sum(b07) AS b07, sum(b08) AS b08, sum(b09) AS b09,
                       sum(b10) AS b10, sum(b11) AS b11, sum(b12) AS b12, sum(b13) AS b13, sum(b14) AS b14,
                       sum(b15) AS b15, sum(b16) AS b16, sum(b17) AS b17, sum(b18) AS b18, sum(b19) AS b19,
                       sum(b20) AS b20, sum(b21) AS b21
                  FROM base GROUP BY 1, 2, 3, 4, 5) AS c
         WHERE (r.bucket, r.device_id, r.chemical, r.recipe, r.mode, r.doses)
             = (c.bucket, c.device_id, c.chemical, c.recipe, c.mode, c.doses)
           AND (r.n_error, r.n_out_of_tol) <> (c.n_error, c.n_out_of_tol)
    )
    UPDATE plant_rollup AS r
       SET sum_error_g = c.sum_error_g, sum_abs_error_g = c.sum_abs_error_g, sum_sq_error_g = c.sum_sq_error_g,
           n_error = c.n_error, n_out_of_tol = c.n_out_of_tol,
           b00 = c.b00, b01 = c.b01, b02 = c.b02, b03 = c.b03, b04 = c.b04, b05 = c.b05, b06 = c.b06, b07 = c.b07,
           b08 = c.b08, b09 = c.b09, b10 = c.b10, b11 = c.b11, b12 = c.b12, b13 = c.b13, b14 = c.b14, b15 = c.b15,
           b16 = c.b16, b17 = c.b17, b18 = c.b18, b19 = c.b19, b20 = c.b20, b21 = c.b21
      FROM (SELECT g.grain, date_bin(g.width, bucket, '2000-01-01 00:00:00+00') AS bucket,
                   CASE WHEN g.by_station THEN device_id ELSE '' END AS device_id,
                   CASE WHEN g.by_chemical THEN chemical ELSE '' END AS chemical, recipe, mode,
                   sum(doses) AS doses, sum(sum_error_g) AS sum_error_g, sum(sum_abs_error_g) AS sum_abs_error_g,
                   sum(sum_sq_error_g) AS sum_sq_error_g, sum(n_error) AS n_error, sum(n_out_of_tol) AS n_out_of_tol,
                   sum(b00) + g.empty_bin AS b00, sum(b01) + g.empty_bin AS b01, sum(b02) + g.empty_bin AS b02,
                   sum(b03) + g.empty_bin AS b03, sum(b04) + g.empty_bin AS b04, sum(b05) + g.empty_bin AS b05,
                   sum(b06) + g.empty_bin AS b06, sum(b07) + g.empty_bin AS b07, sum(b08) + g.empty_bin AS b08,
                   sum(b09) + g.empty_bin AS b09, sum(b10) + g.empty_bin AS b10, sum(b11) + g.empty_bin AS b11,
                   sum(b12) + g.empty_bin AS b12, sum(b13) + g.empty_bin AS b13, sum(b14) + g.empty_bin AS b14,
                   sum(b15) + g.empty_bin AS b15, sum(b16) + g.empty_bin AS b16, sum(b17) + g.empty_bin AS b17,
                   sum(b18) + g.empty_bin AS b18, sum(b19) + g.empty_bin AS b19, sum(b20) + g.empty_bin AS b20,
                   sum(b21) + g.empty_bin AS b21
              FROM base CROSS JOIN rollup_grains() AS g GROUP BY 1, 2, 3, 4, 5, 6, g.empty_bin) AS c
     WHERE (r.grain, r.bucket, r.device_id, r.chemical, r.recipe, r.mode, r.doses)
         = (c.grain, c.bucket, c.device_id, c.chemical, c.recipe, c.mode, c.doses)
       AND (r.n_error, r.n_out_of_tol) <> (c.n_error, c.n_out_of_tol);
END $$;
