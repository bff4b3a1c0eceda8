-- Every panel can be narrowed to stations, chemicals, recipes and modes, so the sums per hour are kept by all
-- four, and sums per six hours (UTC) with them, for long ranges: these hold the histogram of errors, too. b01..b20
-- are its bins of 0.2 g from -2 g, b00 lies below them, b21 at +2 g and above.
-- What counts as out of tolerance is the plant's rule: one row here, kept as the settings say by migrate.
CREATE TABLE plant_rules (
    only_one    boolean          PRIMARY KEY DEFAULT true CHECK (only_one),
    tolerance_g double precision NOT NULL CHECK (tolerance_g > 0)
);
INSERT INTO plant_rules (tolerance_g) VALUES (0.5);
GRANT SELECT ON plant_rules TO PUBLIC;

-- The number of an error's bin. In binary, errors of exactly -1.8 and -1.6 g would fall one bin too low: what is
-- within a billionth of a gram below an edge lies on it.
CREATE FUNCTION dosing_error_bin(error_g double precision) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN error_g IS NOT NULL THEN least(greatest(floor((error_g + 1e-9) * 5), -11), 10)::integer + 11 END;

-- no dose may come between the old sums and the new
LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE;
ALTER TABLE dosing_1h RENAME TO dosing_1h_by_chemical;
ALTER INDEX dosing_1h_pkey RENAME TO dosing_1h_by_chemical_pkey;

CREATE TABLE dosing_1h (
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
    PRIMARY KEY (bucket, device_id, chemical, recipe, mode)
) WITH (fillfactor = 70);

CREATE TABLE dosing_6h (
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
    b00 bigint NOT NULL DEFAULT 0, b01 bigint NOT NULL DEFAULT 0, b02 bigint NOT NULL DEFAULT 0,
    b03 bigint NOT NULL DEFAULT 0, b04 bigint NOT NULL DEFAULT 0, b05 bigint NOT NULL DEFAULT 0,
    b06 bigint NOT NULL DEFAULT 0, b07 bigint NOT NULL DEFAULT 0, b08 bigint NOT NULL DEFAULT 0,
    b09 bigint NOT NULL DEFAULT 0, b10 bigint NOT NULL DEFAULT 0, b11 bigint NOT NULL DEFAULT 0,
    b12 bigint NOT NULL DEFAULT 0, b13 bigint NOT NULL DEFAULT 0, b14 bigint NOT NULL DEFAULT 0,
    b15 bigint NOT NULL DEFAULT 0, b16 bigint NOT NULL DEFAULT 0, b17 bigint NOT NULL DEFAULT 0,
    b18 bigint NOT NULL DEFAULT 0, b19 bigint NOT NULL DEFAULT 0, b20 bigint NOT NULL DEFAULT 0,
    b21 bigint NOT NULL DEFAULT 0,
    PRIMARY KEY (bucket, device_id, chemical, recipe, mode)
) WITH (fillfactor = 70);

-- Whole plants are summed up per recipe and mode often, and over months of days that begin in any zone.
CREATE TABLE dosing_recipes_15m (
    bucket          timestamptz      NOT NULL,
    recipe          text             NOT NULL,
    mode            text             NOT NULL,
    doses           bigint           NOT NULL,
    sum_actual_g    double precision NOT NULL,
    n_actual        bigint           NOT NULL,
    sum_error_g     double precision NOT NULL,
    n_error         bigint           NOT NULL,
    sum_duration_ms bigint           NOT NULL,
    n_duration      bigint           NOT NULL,
    PRIMARY KEY (bucket, recipe, mode)
) WITH (fillfactor = 70);

-- months of doses are summed in memory, not sorted on disk
SET LOCAL work_mem = '256MB';
INSERT INTO dosing_1h
SELECT date_bin('1 hour', bucket, '2000-01-01 00:00:00+00'), device_id, chemical, recipe, mode,
       sum(doses), sum(sum_actual_g), sum(n_actual), sum(sum_error_g), sum(sum_abs_error_g),
       sum(sum_sq_error_g), sum(n_error), sum(n_out_of_tol), sum(sum_duration_ms), sum(n_duration)
  FROM dosing_15m
 GROUP BY 1, 2, 3, 4, 5;

INSERT INTO dosing_recipes_15m
SELECT bucket, recipe, mode, sum(doses), sum(sum_actual_g), sum(n_actual), sum(sum_error_g), sum(n_error),
       sum(sum_duration_ms), sum(n_duration)
  FROM dosing_15m
 GROUP BY 1, 2, 3;

-- The errors of doses that are gone are known for all of them together only: they stand under no station, in rows
-- that count no dose.
INSERT INTO dosing_6h
WITH there AS MATERIALIZED (
SELECT date_bin('6 hours', time, '2000-01-01 00:00:00+00') AS bucket, device_id, chemical, recipe, mode,
       public.dosing_error_bin(error_g) AS wb, count(*) AS n
  FROM dosing_consumption
 WHERE error_g IS NOT NULL
 GROUP BY 1, 2, 3, 4, 5, 6
), gone AS (
SELECT bucket, wb, sum(n) AS n
  FROM (SELECT date_bin('6 hours', bucket, '2000-01-01 00:00:00+00') AS bucket, wb, n FROM dosing_error_hist_1h
         UNION ALL
        SELECT bucket, wb, -n FROM there) AS known
 GROUP BY 1, 2
HAVING sum(n) > 0
), part AS (
SELECT date_bin('6 hours', bucket, '2000-01-01 00:00:00+00') AS bucket, device_id, chemical, recipe, mode,
       doses, sum_actual_g, n_actual, sum_error_g, sum_abs_error_g, sum_sq_error_g, n_error, n_out_of_tol,
       sum_duration_ms, n_duration, NULL::integer AS wb, NULL::numeric AS n
  FROM dosing_15m
 UNION ALL
SELECT bucket, device_id, chemical, recipe, mode, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, wb, n FROM there
 UNION ALL
SELECT bucket, '', '', '', '', 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, wb, n FROM gone
)
SELECT bucket, device_id, chemical, recipe, mode,
       sum(doses), sum(sum_actual_g), sum(n_actual), sum(sum_error_g), sum(sum_abs_error_g),
       sum(sum_sq_error_g), sum(n_error), sum(n_out_of_tol), sum(sum_duration_ms), sum(n_duration),
       coalesce(sum(n) FILTER (WHERE wb = 0), 0), coalesce(sum(n) FILTER (WHERE wb = 1), 0),
       coalesce(sum(n) FILTER (WHERE wb = 2), 0), coalesce(sum(n) FILTER (WHERE wb = 3), 0),
       coalesce(sum(n) FILTER (WHERE wb = 4), 0), coalesce(sum(n) FILTER (WHERE wb = 5), 0),
       coalesce(sum(n) FILTER (WHERE wb = 6), 0), coalesce(sum(n) FILTER (WHERE wb = 7), 0),
       coalesce(sum(n) FILTER (WHERE wb = 8), 0), coalesce(sum(n) FILTER (WHERE wb = 9), 0),
       coalesce(sum(n) FILTER (WHERE wb = 10), 0), coalesce(sum(n) FILTER (WHERE wb = 11), 0),
       coalesce(sum(n) FILTER (WHERE wb = 12), 0), coalesce(sum(n) FILTER (WHERE wb = 13), 0),
       coalesce(sum(n) FILTER (WHERE wb = 14), 0), coalesce(sum(n) FILTER (WHERE wb = 15), 0),
       coalesce(sum(n) FILTER (WHERE wb = 16), 0), coalesce(sum(n) FILTER (WHERE wb = 17), 0),
       coalesce(sum(n) FILTER (WHERE wb = 18), 0), coalesce(sum(n) FILTER (WHERE wb = 19), 0),
       coalesce(sum(n) FILTER (WHERE wb = 20), 0), coalesce(sum(n) FILTER (WHERE wb = 21), 0)
  FROM part
 GROUP BY 1, 2, 3, 4, 5;

-- Who may read the sums that were there may read those that take their place.
DO $$
DECLARE
    reader text;
BEGIN
    FOR reader IN
        SELECT DISTINCT coalesce(quote_ident(r.rolname), 'PUBLIC')
          FROM pg_class AS c
          CROSS JOIN LATERAL aclexplode(c.relacl) AS x
          LEFT JOIN pg_roles AS r ON r.oid = x.grantee
         WHERE c.oid IN ('public.dosing_15m'::regclass, 'public.dosing_1h_by_chemical'::regclass)
           AND x.privilege_type = 'SELECT'
           AND x.grantee <> c.relowner AND (r.rolname IS NOT NULL OR x.grantee = 0)
    LOOP
        EXECUTE format('GRANT SELECT ON public.dosing_15m, public.dosing_1h, public.dosing_6h, public.dosing_recipes_15m TO %s',
                       reader);
    END LOOP;
END $$;

DROP TABLE dosing_1h_by_chemical;
DROP TABLE dosing_error_hist_1h;

CREATE OR REPLACE FUNCTION roll_up_doses() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    tolerance double precision := (SELECT tolerance_g FROM plant_rules);
BEGIN
    INSERT INTO dosing_15m AS r
    SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00'), device_id, chemical, recipe, mode, count(*),
           coalesce(sum(actual_g), 0), count(actual_g),
           coalesce(sum(error_g), 0), coalesce(sum(abs(error_g)), 0), coalesce(sum(error_g * error_g), 0),
           count(error_g), count(*) FILTER (WHERE abs(error_g) > tolerance),
           coalesce(sum(duration_ms), 0), count(duration_ms)
      FROM new_rows GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
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
           n_duration = r.n_duration + excluded.n_duration;

    INSERT INTO dosing_1h AS r
    SELECT date_bin('1 hour', time, '2000-01-01 00:00:00+00'), device_id, chemical, recipe, mode, count(*),
           coalesce(sum(actual_g), 0), count(actual_g),
           coalesce(sum(error_g), 0), coalesce(sum(abs(error_g)), 0), coalesce(sum(error_g * error_g), 0),
           count(error_g), count(*) FILTER (WHERE abs(error_g) > tolerance),
           coalesce(sum(duration_ms), 0), count(duration_ms)
      FROM new_rows GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
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
           n_duration = r.n_duration + excluded.n_duration;

    INSERT INTO dosing_6h AS r
    SELECT date_bin('6 hours', time, '2000-01-01 00:00:00+00'), device_id, chemical, recipe, mode, count(*),
           coalesce(sum(actual_g), 0), count(actual_g),
           coalesce(sum(error_g), 0), coalesce(sum(abs(error_g)), 0), coalesce(sum(error_g * error_g), 0),
           count(error_g), count(*) FILTER (WHERE abs(error_g) > tolerance),
           coalesce(sum(duration_ms), 0), count(duration_ms),
           count(*) FILTER (WHERE wb = 0), count(*) FILTER (WHERE wb = 1), count(*) FILTER (WHERE wb = 2),
           count(*) FILTER (WHERE wb = 3), count(*) FILTER (WHERE wb = 4), count(*) FILTER (WHERE wb = 5),
           count(*) FILTER (WHERE wb = 6), count(*) FILTER (WHERE wb = 7), count(*) FILTER (WHERE wb = 8),
           count(*) FILTER (WHERE wb = 9), count(*) FILTER (WHERE wb = 10), count(*) FILTER (WHERE wb = 11),
           count(*) FILTER (WHERE wb = 12), count(*) FILTER (WHERE wb = 13), count(*) FILTER (WHERE wb = 14),
           count(*) FILTER (WHERE wb = 15), count(*) FILTER (WHERE wb = 16), count(*) FILTER (WHERE wb = 17),
           count(*) FILTER (WHERE wb = 18), count(*) FILTER (WHERE wb = 19), count(*) FILTER (WHERE wb = 20),
           count(*) FILTER (WHERE wb = 21)
      FROM (SELECT time, device_id, chemical, recipe, mode, actual_g, error_g, duration_ms,
                   public.dosing_error_bin(error_g) AS wb
              FROM new_rows OFFSET 0) AS dose  -- OFFSET: else wb is worked out anew for each of its 22 columns
     GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
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
           b21 = r.b21 + excluded.b21;

    INSERT INTO dosing_recipes_15m AS r
    SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00'), recipe, mode, count(*),
           coalesce(sum(actual_g), 0), count(actual_g), coalesce(sum(error_g), 0), count(error_g),
           coalesce(sum(duration_ms), 0), count(duration_ms)
      FROM new_rows GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
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
