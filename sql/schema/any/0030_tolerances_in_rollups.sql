-- Doses are counted by their tolerance; errors of doses below what the scale can weigh are in no sum, count or histogram.

-- Every dose is judged once for all rollups.
CREATE OR REPLACE FUNCTION roll_up_doses() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    WITH judged AS MATERIALIZED (
        SELECT n.time, n.device_id, n.chemical, n.recipe, n.mode, n.actual_g, j.error_g, j.is_out,
               plausible_duration_ms(n.duration_ms) AS duration_ms, dosing_error_bin(j.error_g) AS bin
          FROM new_rows AS n
         CROSS JOIN LATERAL judge_dose(n.time, n.recipe, n.mode, n.chemical, n.pump, n.target_g, n.error_g) AS j
    ), quarters AS (
        INSERT INTO dosing_rollup_15m AS r
        SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00'), device_id, chemical, recipe, mode,
               count(*), coalesce(sum(actual_g), 0), count(actual_g),
               coalesce(sum(error_g), 0), coalesce(sum(abs(error_g)), 0), coalesce(sum(error_g * error_g), 0),
               count(error_g), count(*) FILTER (WHERE is_out), coalesce(sum(duration_ms), 0), count(duration_ms)
          FROM judged GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (bucket, device_id, chemical, recipe, mode) DO UPDATE
           SET doses = r.doses + excluded.doses,
               sum_actual_g = r.sum_actual_g + excluded.sum_actual_g,
               n_actual = r.n_actual + excluded.n_actual,
               sum_error_g = r.sum_error_g + excluded.sum_error_g,
               sum_abs_error_g = r.sum_abs_error_g + excluded.sum_abs_error_g,
               sum_sq_error_g = r.sum_sq_error_g + excluded.sum_sq_error_g,
               n_error = r.n_error + excluded.n_error,
               n_out_of_tol = r.n_out_of_tol + excluded.n_out_of_tol,
               sum_duration_ms = r.sum_duration_ms + excluded.sum_duration_ms,
               n_duration = r.n_duration + excluded.n_duration
    ), hours AS (
        INSERT INTO dosing_rollup_1h AS r
        SELECT date_bin('1 hour', time, '2000-01-01 00:00:00+00'), device_id, chemical, recipe, mode,
               count(*), coalesce(sum(actual_g), 0), count(actual_g),
               coalesce(sum(error_g), 0), coalesce(sum(abs(error_g)), 0), coalesce(sum(error_g * error_g), 0),
               count(error_g), count(*) FILTER (WHERE is_out), coalesce(sum(duration_ms), 0), count(duration_ms)
          FROM judged GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (bucket, device_id, chemical, recipe, mode) DO UPDATE
           SET doses = r.doses + excluded.doses,
               sum_actual_g = r.sum_actual_g + excluded.sum_actual_g,
               n_actual = r.n_actual + excluded.n_actual,
               sum_error_g = r.sum_error_g + excluded.sum_error_g,
               sum_abs_error_g = r.sum_abs_error_g + excluded.sum_abs_error_g,
               sum_sq_error_g = r.sum_sq_error_g + excluded.sum_sq_error_g,
               n_error = r.n_error + excluded.n_error,
               n_out_of_tol = r.n_out_of_tol + excluded.n_out_of_tol,
               sum_duration_ms = r.sum_duration_ms + excluded.sum_duration_ms,
               n_duration = r.n_duration + excluded.n_duration
    ), sixes AS (
        INSERT INTO dosing_rollup_6h AS r
        SELECT date_bin('6 hours', time, '2000-01-01 00:00:00+00'), device_id, chemical, recipe, mode,
               count(*), coalesce(sum(actual_g), 0), count(actual_g),
               coalesce(sum(error_g), 0), coalesce(sum(abs(error_g)), 0), coalesce(sum(error_g * error_g), 0),
               count(error_g), count(*) FILTER (WHERE is_out), coalesce(sum(duration_ms), 0), count(duration_ms),
               count(*) FILTER (WHERE bin = 0), count(*) FILTER (WHERE bin = 1), count(*) FILTER (WHERE bin = 2),
               count(*) FILTER (WHERE bin = 3), count(*) FILTER (WHERE bin = 4), count(*) FILTER (WHERE bin = 5),
               count(*) FILTER (WHERE bin = 6), count(*) FILTER (WHERE bin = 7), count(*) FILTER (WHERE bin = 8),
               count(*) FILTER (WHERE bin = 9), count(*) FILTER (WHERE bin = 10), count(*) FILTER (WHERE bin = 11),
               count(*) FILTER (WHERE bin = 12), count(*) FILTER (WHERE bin = 13), count(*) FILTER (WHERE bin = 14),
               count(*) FILTER (WHERE bin = 15), count(*) FILTER (WHERE bin = 16), count(*) FILTER (WHERE bin = 17),
               count(*) FILTER (WHERE bin = 18), count(*) FILTER (WHERE bin = 19), count(*) FILTER (WHERE bin = 20),
               count(*) FILTER (WHERE bin = 21)
          FROM judged GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
        ON CONFLICT (bucket, device_id, chemical, recipe, mode) DO UPDATE
           SET doses = r.doses + excluded.doses,
               sum_actual_g = r.sum_actual_g + excluded.sum_actual_g,
               n_actual = r.n_actual + excluded.n_actual,
               sum_error_g = r.sum_error_g + excluded.sum_error_g,
               sum_abs_error_g = r.sum_abs_error_g + excluded.sum_abs_error_g,
               sum_sq_error_g = r.sum_sq_error_g + excluded.sum_sq_error_g,
               n_error = r.n_error + excluded.n_error,
               n_out_of_tol = r.n_out_of_tol + excluded.n_out_of_tol,
               sum_duration_ms = r.sum_duration_ms + excluded.sum_duration_ms,
               n_duration = r.n_duration + excluded.n_duration,
               b00 = r.b00 + excluded.b00, b01 = r.b01 + excluded.b01, b02 = r.b02 + excluded.b02,
               b03 = r.b03 + excluded.b03, b04 = r.b04 + excluded.b04, b05 = r.b05 + excluded.b05,
               b06 = r.b06 + excluded.b06, b07 = r.b07 + excluded.b07, b08 = r.b08 + excluded.b08,
               b09 = r.b09 + excluded.b09, b10 = r.b10 + excluded.b10, b11 = r.b11 + excluded.b11,
               b12 = r.b12 + excluded.b12, b13 = r.b13 + excluded.b13, b14 = r.b14 + excluded.b14,
               b15 = r.b15 + excluded.b15, b16 = r.b16 + excluded.b16, b17 = r.b17 + excluded.b17,
               b18 = r.b18 + excluded.b18, b19 = r.b19 + excluded.b19, b20 = r.b20 + excluded.b20,
               b21 = r.b21 + excluded.b21
    )
    INSERT INTO recipe_rollup_15m AS r
    SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00'), recipe, mode, count(*),
           coalesce(sum(actual_g), 0), count(actual_g), coalesce(sum(error_g), 0), count(error_g),
           coalesce(sum(duration_ms), 0), count(duration_ms)
      FROM judged GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
    ON CONFLICT (bucket, recipe, mode) DO UPDATE
       SET doses = r.doses + excluded.doses,
           sum_actual_g = r.sum_actual_g + excluded.sum_actual_g,
           n_actual = r.n_actual + excluded.n_actual,
           sum_error_g = r.sum_error_g + excluded.sum_error_g,
           n_error = r.n_error + excluded.n_error,
           sum_duration_ms = r.sum_duration_ms + excluded.sum_duration_ms,
           n_duration = r.n_duration + excluded.n_duration;
    RETURN NULL;
END $$;

-- Counts anew the errors of the doses from a time on, of one recipe or of all, in the buckets whose doses are all stored:
-- a dose that was made since a rule holds may have been counted before the rule was entered.
CREATE FUNCTION recount_errors(since timestamptz, of_recipe_key text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE;
    WITH judged AS MATERIALIZED (
        SELECT d.time, d.device_id, d.chemical, d.recipe, d.mode, j.error_g, j.is_out, dosing_error_bin(j.error_g) AS bin
          FROM dosing_consumption AS d
         CROSS JOIN LATERAL judge_dose(d.time, d.recipe, d.mode, d.chemical, d.pump, d.target_g, d.error_g) AS j
         WHERE d.time >= date_bin('6 hours', since, '2000-01-01 00:00:00+00')
           AND (of_recipe_key IS NULL OR fold_name(d.recipe) = of_recipe_key)
    ), quarters AS (
        UPDATE dosing_rollup_15m AS r
           SET sum_error_g = c.sum_error_g, sum_abs_error_g = c.sum_abs_error_g, sum_sq_error_g = c.sum_sq_error_g,
               n_error = c.n_error, n_out_of_tol = c.n_out_of_tol
          FROM (SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00') AS bucket, device_id, chemical, recipe, mode,
                       count(*) AS doses, coalesce(sum(error_g), 0) AS sum_error_g,
                       coalesce(sum(abs(error_g)), 0) AS sum_abs_error_g,
                       coalesce(sum(error_g * error_g), 0) AS sum_sq_error_g, count(error_g) AS n_error,
                       count(*) FILTER (WHERE is_out) AS n_out_of_tol
                  FROM judged GROUP BY 1, 2, 3, 4, 5) AS c
         WHERE (r.bucket, r.device_id, r.chemical, r.recipe, r.mode, r.doses)
             = (c.bucket, c.device_id, c.chemical, c.recipe, c.mode, c.doses)
           AND (r.n_error, r.n_out_of_tol) <> (c.n_error, c.n_out_of_tol)
    ), hours AS (
        UPDATE dosing_rollup_1h AS r
           SET sum_error_g = c.sum_error_g, sum_abs_error_g = c.sum_abs_error_g, sum_sq_error_g = c.sum_sq_error_g,
               n_error = c.n_error, n_out_of_tol = c.n_out_of_tol
          FROM (SELECT date_bin('1 hour', time, '2000-01-01 00:00:00+00') AS bucket, device_id, chemical, recipe, mode,
                       count(*) AS doses, coalesce(sum(error_g), 0) AS sum_error_g,
                       coalesce(sum(abs(error_g)), 0) AS sum_abs_error_g,
                       coalesce(sum(error_g * error_g), 0) AS sum_sq_error_g, count(error_g) AS n_error,
                       count(*) FILTER (WHERE is_out) AS n_out_of_tol
                  FROM judged GROUP BY 1, 2, 3, 4, 5) AS c
         WHERE (r.bucket, r.device_id, r.chemical, r.recipe, r.mode, r.doses)
             = (c.bucket, c.device_id, c.chemical, c.recipe, c.mode, c.doses)
           AND (r.n_error, r.n_out_of_tol) <> (c.n_error, c.n_out_of_tol)
    ), sixes AS (
        UPDATE dosing_rollup_6h AS r
           SET sum_error_g = c.sum_error_g, sum_abs_error_g = c.sum_abs_error_g, sum_sq_error_g = c.sum_sq_error_g,
               n_error = c.n_error, n_out_of_tol = c.n_out_of_tol,
               b00 = c.b00, b01 = c.b01, b02 = c.b02, b03 = c.b03, b04 = c.b04, b05 = c.b05,
               b06 = c.b06, b07 = c.b07, b08 = c.b08, b09 = c.b09, b10 = c.b10, b11 = c.b11,
               b12 = c.b12, b13 = c.b13, b14 = c.b14, b15 = c.b15, b16 = c.b16, b17 = c.b17,
               b18 = c.b18, b19 = c.b19, b20 = c.b20, b21 = c.b21
          FROM (SELECT date_bin('6 hours', time, '2000-01-01 00:00:00+00') AS bucket, device_id, chemical, recipe, mode,
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
                  FROM judged GROUP BY 1, 2, 3, 4, 5) AS c
         WHERE (r.bucket, r.device_id, r.chemical, r.recipe, r.mode, r.doses)
             = (c.bucket, c.device_id, c.chemical, c.recipe, c.mode, c.doses)
           AND (r.n_error, r.n_out_of_tol) <> (c.n_error, c.n_out_of_tol)
    )
    UPDATE recipe_rollup_15m AS r
       SET sum_error_g = c.sum_error_g, n_error = c.n_error
      FROM (SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00') AS bucket, recipe, mode, count(*) AS doses,
                   coalesce(sum(error_g), 0) AS sum_error_g, count(error_g) AS n_error
              FROM judged GROUP BY 1, 2, 3) AS c
     WHERE (r.bucket, r.recipe, r.mode, r.doses) = (c.bucket, c.recipe, c.mode, c.doses) AND r.n_error <> c.n_error;
END $$;
REVOKE ALL ON FUNCTION recount_errors(timestamptz, text) FROM PUBLIC;

CREATE FUNCTION apply_tolerance_rules() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM recount_errors(NEW.valid_from, NULL);
    RETURN NULL;
END $$;
CREATE TRIGGER apply_tolerance_rules AFTER INSERT ON tolerance_rules
    FOR EACH ROW EXECUTE FUNCTION apply_tolerance_rules();

-- A version of a recipe that is dated back is what held since then: the doses since then are counted anew.
CREATE FUNCTION apply_recipe_version() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO recipe_tolerances (recipe_key, mode, recipe, version, valid_from, portions)
    VALUES (fold_name(NEW.recipe), NEW.mode, NEW.recipe, NEW.version, NEW.valid_from, index_portions(NEW.definition::jsonb));
    PERFORM recount_errors(NEW.valid_from, fold_name(NEW.recipe));
    RETURN NULL;
END $$;
CREATE TRIGGER apply_recipe_version AFTER INSERT ON recipe_masters
    FOR EACH ROW EXECUTE FUNCTION apply_recipe_version();

-- Sums of exactly the doses of [since, until), as before; the single doses at both ends are judged as for the rollups.
CREATE OR REPLACE FUNCTION dosing_sums(since timestamptz, until timestamptz) RETURNS TABLE (
    device_id text, chemical text, recipe text, mode text,
    doses bigint, sum_actual_g double precision, n_actual bigint,
    sum_error_g double precision, sum_abs_error_g double precision, sum_sq_error_g double precision,
    n_error bigint, n_out_of_tol bigint, sum_duration_ms bigint, n_duration bigint
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.rollup_boundaries(since, until) AS e
  JOIN public.dosing_rollup_6h AS r ON r.bucket >= e.sixes_from AND r.bucket < e.sixes_to AND r.doses > 0
 UNION ALL
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.rollup_boundaries(since, until) AS e
  JOIN public.dosing_rollup_15m AS r ON r.bucket >= e.quarters_from AND r.bucket < e.sixes_from
 UNION ALL
SELECT r.device_id, r.chemical, r.recipe, r.mode,
       r.doses, r.sum_actual_g, r.n_actual, r.sum_error_g, r.sum_abs_error_g,
       r.sum_sq_error_g, r.n_error, r.n_out_of_tol, r.sum_duration_ms, r.n_duration
  FROM public.rollup_boundaries(since, until) AS e
  JOIN public.dosing_rollup_15m AS r ON r.bucket >= e.sixes_to AND r.bucket < e.quarters_to
 UNION ALL
SELECT d.device_id, d.chemical, d.recipe, d.mode,
       1, coalesce(d.actual_g, 0), (d.actual_g IS NOT NULL)::int,
       coalesce(j.error_g, 0), coalesce(abs(j.error_g), 0), coalesce(j.error_g * j.error_g, 0),
       (j.error_g IS NOT NULL)::int, j.is_out::int,
       coalesce(public.plausible_duration_ms(d.duration_ms), 0),
       (public.plausible_duration_ms(d.duration_ms) IS NOT NULL)::int
  FROM (SELECT o.time, o.device_id, o.pump, o.chemical, o.recipe, o.mode, o.target_g, o.actual_g, o.error_g, o.duration_ms
          FROM public.rollup_boundaries(since, until) AS e
          JOIN public.dosing_consumption AS o ON o.time >= since AND o.time < e.quarters_from
         UNION ALL
        SELECT o.time, o.device_id, o.pump, o.chemical, o.recipe, o.mode, o.target_g, o.actual_g, o.error_g, o.duration_ms
          FROM public.rollup_boundaries(since, until) AS e
          JOIN public.dosing_consumption AS o ON o.time >= e.quarters_to AND o.time < until) AS d
 CROSS JOIN LATERAL public.judge_dose(d.time, d.recipe, d.mode, d.chemical, d.pump, d.target_g, d.error_g) AS j
$$;

ALTER TABLE plant_limits DROP COLUMN tolerance_g;
