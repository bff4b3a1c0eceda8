-- Sums of the doses per 15 minutes and per hour, and the hourly histogram of errors, kept by one statement
-- trigger for every writer. Its transition table holds only rows really inserted: a redelivered dose that
-- ON CONFLICT DO NOTHING drops is not counted again. Buckets are UTC; 15 minutes fit every zone of the world.
-- An UPDATE or DELETE of doses does not reach the rollups: that is how they outlive the raw rows.
CREATE TABLE dosing_15m (
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
    n_out_of_tol    bigint           NOT NULL,  -- |error| > 0.5 g, the guide's tolerance
    sum_duration_ms bigint           NOT NULL,
    n_duration      bigint           NOT NULL,
    PRIMARY KEY (bucket, device_id, chemical, recipe, mode)
) WITH (fillfactor = 70);

CREATE TABLE dosing_1h (
    bucket          timestamptz      NOT NULL,
    chemical        text             NOT NULL,
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
    PRIMARY KEY (bucket, chemical)
) WITH (fillfactor = 70);

-- wb 1..20 are the bins of 0.2 g from -2 g; 0 lies below them, 21 at +2 g and above. Decimal arithmetic:
-- in binary, errors of exactly -1.8 and -1.6 g would fall one bin too low.
CREATE TABLE dosing_error_hist_1h (
    bucket timestamptz NOT NULL,
    wb     integer     NOT NULL,
    n      bigint      NOT NULL,
    PRIMARY KEY (bucket, wb)
) WITH (fillfactor = 70);

CREATE FUNCTION roll_up_doses() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO dosing_15m AS r
    SELECT date_bin('15 minutes', time, '2000-01-01 00:00:00+00'), device_id, chemical, recipe, mode, count(*),
           coalesce(sum(actual_g), 0), count(actual_g),
           coalesce(sum(error_g), 0), coalesce(sum(abs(error_g)), 0), coalesce(sum(error_g * error_g), 0),
           count(error_g), count(*) FILTER (WHERE abs(error_g) > 0.5),
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
    SELECT date_bin('1 hour', time, '2000-01-01 00:00:00+00'), chemical, count(*),
           coalesce(sum(actual_g), 0), count(actual_g),
           coalesce(sum(error_g), 0), coalesce(sum(abs(error_g)), 0), coalesce(sum(error_g * error_g), 0),
           count(error_g), count(*) FILTER (WHERE abs(error_g) > 0.5),
           coalesce(sum(duration_ms), 0), count(duration_ms)
      FROM new_rows GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (bucket, chemical) DO UPDATE
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

    INSERT INTO dosing_error_hist_1h AS r
    SELECT date_bin('1 hour', time, '2000-01-01 00:00:00+00'), width_bucket(error_g::numeric, -2, 2, 20), count(*)
      FROM new_rows WHERE error_g IS NOT NULL GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (bucket, wb) DO UPDATE SET n = r.n + excluded.n;
    RETURN NULL;
END $$;

CREATE TRIGGER roll_up_doses AFTER INSERT ON dosing_consumption
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION roll_up_doses();
