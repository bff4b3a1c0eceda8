-- Errors of the doses of a pump at one target, per six hours (UTC), in the order of time: a control chart's sigma is made of
-- the ranges from dose to dose. A row can be joined to the next one: the range between them is that of its last error and
-- the next one's first. Without doses that have no target or no error. A tolerance is no part of it: it is looked up when a
-- panel is read.
LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE pump_rollup (
    device_id     text             NOT NULL,
    pump          integer          NOT NULL,
    chemical      text             NOT NULL,
    target_g      double precision NOT NULL,
    bucket        timestamptz      NOT NULL,
    doses         bigint           NOT NULL,
    sum_error_g   double precision NOT NULL,
    sum_range_g   double precision NOT NULL,  -- of |error - error before|, within the bucket
    first_at      timestamptz      NOT NULL,
    last_at       timestamptz      NOT NULL,
    first_error_g double precision NOT NULL,
    last_error_g  double precision NOT NULL,
    -- of doses with a plausible duration, for the fit of the error to the rate: target / duration in g/s. The mass that was
    -- dosed holds the error itself, and a fit to it would find what it put in.
    n_rate        bigint           NOT NULL,
    sum_rate      double precision NOT NULL,
    sum_sq_rate   double precision NOT NULL,
    sum_error_of_rate double precision NOT NULL,
    sum_rate_error    double precision NOT NULL,
    is_late       boolean          NOT NULL DEFAULT false,  -- a dose came out of order: count the bucket again
    PRIMARY KEY (device_id, pump, chemical, target_g, bucket)
) WITH (fillfactor = 70);
CREATE INDEX pump_rollup_late ON pump_rollup (device_id) WHERE is_late;
CREATE INDEX pump_rollup_time ON pump_rollup USING brin (bucket) WITH (pages_per_range = 32, autosummarize = on);

-- The targets of each pump and the recipes that ask for them: targets by weight of a batch are seldom the same twice.
CREATE TABLE pump_targets (
    device_id text             NOT NULL,
    pump      integer          NOT NULL,
    chemical  text             NOT NULL,
    target_g  double precision NOT NULL,
    recipe    text             NOT NULL,
    mode      text             NOT NULL,
    doses     bigint           NOT NULL,
    first_at  timestamptz      NOT NULL,
    last_at   timestamptz      NOT NULL,
    PRIMARY KEY (device_id, pump, chemical, target_g, recipe, mode)
) WITH (fillfactor = 70);
CREATE INDEX pump_targets_repeated ON pump_targets (device_id, pump) WHERE doses >= 10;

-- The buckets of a station's stored doses in a range, of all stations for NULL.
CREATE FUNCTION count_pump_errors(since timestamptz, until timestamptz, of_station text)
RETURNS TABLE (device_id text, pump integer, chemical text, target_g double precision, bucket timestamptz, doses bigint,
               sum_error_g double precision, sum_range_g double precision, first_at timestamptz, last_at timestamptz,
               first_error_g double precision, last_error_g double precision, n_rate bigint, sum_rate double precision,
               sum_sq_rate double precision, sum_error_of_rate double precision, sum_rate_error double precision)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
SELECT o.device_id, o.pump, o.chemical, o.target_g, o.bucket, count(*), sum(o.error_g),
       coalesce(sum(abs(o.error_g - o.before_g)), 0), min(o.time), max(o.time),
       min(o.error_g) FILTER (WHERE o.before_g IS NULL), min(o.error_g) FILTER (WHERE o.after_g IS NULL),
       count(o.rate), coalesce(sum(o.rate), 0), coalesce(sum(o.rate * o.rate), 0),
       coalesce(sum(o.error_g) FILTER (WHERE o.rate IS NOT NULL), 0), coalesce(sum(o.rate * o.error_g), 0)
  FROM (SELECT b.*, lag(b.error_g) OVER w AS before_g, lead(b.error_g) OVER w AS after_g
          FROM (SELECT d.device_id, d.pump, d.chemical, d.target_g, d.time, d.dedup, d.error_g,
                       date_bin('6 hours', d.time, '2000-01-01 00:00:00+00') AS bucket,
                       d.target_g * 1000 / nullif(plausible_duration_ms(d.duration_ms), 0) AS rate
                  FROM dosing_consumption AS d
                 WHERE d.time >= since AND d.time < until
                   AND (of_station IS NULL OR d.device_id = of_station)
                   AND d.target_g > 0 AND d.error_g IS NOT NULL) AS b
        WINDOW w AS (PARTITION BY b.device_id, b.pump, b.chemical, b.target_g, b.bucket ORDER BY b.time, b.dedup)) AS o
 GROUP BY 1, 2, 3, 4, 5
$$;
REVOKE ALL ON FUNCTION count_pump_errors(timestamptz, timestamptz, text) FROM PUBLIC;

-- Appends doses that are newer than their bucket; a bucket with a dose from before its last one is counted again.
CREATE FUNCTION roll_up_pump_errors() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    has_late boolean;
BEGIN
    INSERT INTO pump_targets AS t
    SELECT device_id, pump, chemical, target_g, recipe, mode, count(*), min(time), max(time)
      FROM new_rows
     WHERE target_g > 0 AND error_g IS NOT NULL
     GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
        ON CONFLICT (device_id, pump, chemical, target_g, recipe, mode) DO UPDATE
       SET doses = t.doses + excluded.doses, first_at = least(t.first_at, excluded.first_at),
           last_at = greatest(t.last_at, excluded.last_at);
    WITH ordered AS (
        SELECT b.*, lag(b.error_g) OVER w AS before_g, lead(b.error_g) OVER w AS after_g
          FROM (SELECT device_id, pump, chemical, target_g, time, dedup, error_g,
                       date_bin('6 hours', time, '2000-01-01 00:00:00+00') AS bucket,
                       target_g * 1000 / nullif(plausible_duration_ms(duration_ms), 0) AS rate
                  FROM new_rows
                 WHERE target_g > 0 AND error_g IS NOT NULL) AS b
        WINDOW w AS (PARTITION BY device_id, pump, chemical, target_g, bucket ORDER BY time, dedup)
    ), merged AS (
        INSERT INTO pump_rollup AS r
        SELECT device_id, pump, chemical, target_g, bucket, count(*), sum(error_g), coalesce(sum(abs(error_g - before_g)), 0),
               min(time), max(time), min(error_g) FILTER (WHERE before_g IS NULL), min(error_g) FILTER (WHERE after_g IS NULL),
               count(rate), coalesce(sum(rate), 0), coalesce(sum(rate * rate), 0),
               coalesce(sum(error_g) FILTER (WHERE rate IS NOT NULL), 0), coalesce(sum(rate * error_g), 0)
          FROM ordered
         GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
            ON CONFLICT (device_id, pump, chemical, target_g, bucket) DO UPDATE
           SET doses = r.doses + excluded.doses, sum_error_g = r.sum_error_g + excluded.sum_error_g,
               sum_range_g = r.sum_range_g + excluded.sum_range_g + abs(excluded.first_error_g - r.last_error_g),
               first_at = least(r.first_at, excluded.first_at), last_at = greatest(r.last_at, excluded.last_at),
               last_error_g = CASE WHEN excluded.last_at >= r.last_at THEN excluded.last_error_g ELSE r.last_error_g END,
               n_rate = r.n_rate + excluded.n_rate, sum_rate = r.sum_rate + excluded.sum_rate,
               sum_sq_rate = r.sum_sq_rate + excluded.sum_sq_rate,
               sum_error_of_rate = r.sum_error_of_rate + excluded.sum_error_of_rate,
               sum_rate_error = r.sum_rate_error + excluded.sum_rate_error,
               is_late = r.is_late OR excluded.first_at <= r.last_at
        RETURNING r.is_late
    )
    SELECT bool_or(is_late) INTO has_late FROM merged;
    IF has_late THEN
        UPDATE pump_rollup AS r
           SET sum_error_g = c.sum_error_g, sum_range_g = c.sum_range_g, first_at = c.first_at, last_at = c.last_at,
               first_error_g = c.first_error_g, last_error_g = c.last_error_g, n_rate = c.n_rate, sum_rate = c.sum_rate,
               sum_sq_rate = c.sum_sq_rate, sum_error_of_rate = c.sum_error_of_rate, sum_rate_error = c.sum_rate_error
          FROM (SELECT DISTINCT device_id, bucket FROM pump_rollup WHERE is_late) AS late
         CROSS JOIN LATERAL count_pump_errors(late.bucket, late.bucket + INTERVAL '6 hours', late.device_id) AS c
         WHERE r.is_late
           AND (r.device_id, r.pump, r.chemical, r.target_g, r.bucket)
             = (c.device_id, c.pump, c.chemical, c.target_g, c.bucket)
           AND c.doses = r.doses;  -- else doses of it are gone: it stays approximate
        UPDATE pump_rollup SET is_late = false WHERE is_late;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER roll_up_pump_errors AFTER INSERT ON dosing_consumption
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION roll_up_pump_errors();

SET LOCAL work_mem = '256MB';
INSERT INTO pump_targets
SELECT device_id, pump, chemical, target_g, recipe, mode, count(*), min(time), max(time)
  FROM dosing_consumption
 WHERE target_g > 0 AND error_g IS NOT NULL
 GROUP BY 1, 2, 3, 4, 5, 6;
INSERT INTO pump_rollup SELECT * FROM count_pump_errors('-infinity', 'infinity', NULL) ORDER BY bucket;
SELECT copy_dose_grants('public.pump_rollup, public.pump_targets', VARIADIC '{}');
