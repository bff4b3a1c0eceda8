-- Sums of doses per 15 minutes, hour and six hours (UTC; 15 minutes fit every time zone) by station, chemical, recipe
-- and mode, so that every panel can be filtered by them. One statement trigger keeps them for every writer. Its
-- transition table holds only inserted rows: a redelivered dose that ON CONFLICT DO NOTHING drops is not counted.
-- An UPDATE or DELETE of doses does not change the rollups: they outlive the readings.

-- The limits that SQL reads; migrate sets them from the settings.
CREATE TABLE plant_limits (
    only_one          boolean          PRIMARY KEY DEFAULT true CHECK (only_one),
    tolerance_g       double precision NOT NULL CHECK (tolerance_g > 0),
    stock_low_percent double precision NOT NULL DEFAULT 20 CHECK (stock_low_percent >= 0)
);
INSERT INTO plant_limits (tolerance_g) VALUES (0.5);
GRANT SELECT ON plant_limits TO PUBLIC;

CREATE TABLE dosing_rollup_15m (
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
    sum_sq_error_g  double precision NOT NULL,  -- g², for the standard deviation
    n_error         bigint           NOT NULL,
    n_out_of_tol    bigint           NOT NULL,  -- |error| > plant_limits.tolerance_g
    sum_duration_ms bigint           NOT NULL,
    n_duration      bigint           NOT NULL,
    PRIMARY KEY (bucket, device_id, chemical, recipe, mode)
) WITH (fillfactor = 70);

CREATE TABLE dosing_rollup_1h (
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

-- b01..b20 are the histogram of errors in bins of 0.2 g from -2 g; b00 is below them, b21 is +2 g and above.
CREATE TABLE dosing_rollup_6h (
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

-- By recipe and mode only: for sums of the whole plant over months of days, which begin in any time zone.
CREATE TABLE recipe_rollup_15m (
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

-- The bin of an error. In binary, errors of exactly -1.8 and -1.6 g would fall one bin too low: an error less than
-- a billionth of a gram below an edge is on the edge.
CREATE FUNCTION dosing_error_bin(error_g double precision) RETURNS integer
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN error_g IS NOT NULL THEN least(greatest(floor((error_g + 1e-9) * 5), -11), 10)::integer + 11 END;

CREATE FUNCTION roll_up_doses() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    tolerance double precision := (SELECT tolerance_g FROM plant_limits);
BEGIN
    INSERT INTO dosing_rollup_15m AS r
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

    INSERT INTO dosing_rollup_1h AS r
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

    INSERT INTO dosing_rollup_6h AS r
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

    INSERT INTO recipe_rollup_15m AS r
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

CREATE TRIGGER roll_up_doses AFTER INSERT ON dosing_consumption
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION roll_up_doses();

-- Batches completed and aborted by each station, per 15 minutes and per hour (UTC). An end counts once: a second
-- message of the same station, time, event and recipe reports the same end.
CREATE TABLE batch_outcomes_15m (
    bucket    timestamptz NOT NULL,
    device_id text        NOT NULL,
    recipe    text        NOT NULL,
    completed bigint      NOT NULL,
    aborted   bigint      NOT NULL,
    PRIMARY KEY (bucket, device_id, recipe)
) WITH (fillfactor = 70);

CREATE TABLE batch_outcomes_1h (
    bucket    timestamptz NOT NULL,
    device_id text        NOT NULL,
    recipe    text        NOT NULL,
    completed bigint      NOT NULL,
    aborted   bigint      NOT NULL,
    PRIMARY KEY (bucket, device_id, recipe)
) WITH (fillfactor = 70);

-- Two writers that report the same end at the same time do not both count it: the trigger keep_last_seen, first by
-- its name, makes one wait for the other's row of the station.
CREATE FUNCTION roll_up_batches() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF NOT EXISTS (SELECT FROM new_rows WHERE event IN ('complete', 'abort')) THEN
        RETURN NULL;
    END IF;
    WITH reported AS (
        SELECT device_id, time, event, recipe, count(*) AS times
          FROM new_rows
         WHERE event IN ('complete', 'abort')
         GROUP BY 1, 2, 3, 4
    ), newly_reported AS MATERIALIZED (
        SELECT device_id, time, event, recipe
          FROM reported AS t
         WHERE times = (SELECT count(*)
                          FROM batch_events AS b
                         WHERE b.device_id = t.device_id AND b.time = t.time
                           AND b.event = t.event AND b.recipe = t.recipe)
    ), quarters AS (
        INSERT INTO batch_outcomes_15m AS r
        SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00'), device_id, recipe,
               count(*) FILTER (WHERE event = 'complete'), count(*) FILTER (WHERE event = 'abort')
          FROM newly_reported GROUP BY 1, 2, 3
        ON CONFLICT (bucket, device_id, recipe) DO UPDATE
           SET completed = r.completed + excluded.completed, aborted = r.aborted + excluded.aborted
    )
    INSERT INTO batch_outcomes_1h AS r
    SELECT date_bin('1 hour', time, '2000-01-01 00:00:00+00'), device_id, recipe,
           count(*) FILTER (WHERE event = 'complete'), count(*) FILTER (WHERE event = 'abort')
      FROM newly_reported GROUP BY 1, 2, 3
    ON CONFLICT (bucket, device_id, recipe) DO UPDATE
       SET completed = r.completed + excluded.completed, aborted = r.aborted + excluded.aborted;
    RETURN NULL;
END $$;

CREATE TRIGGER roll_up_batches AFTER INSERT ON batch_events
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION roll_up_batches();
