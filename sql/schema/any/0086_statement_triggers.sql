-- Each statement's readings are read by two triggers of their table, not by three to six: each cost a call and plans of its own, which is
-- most of what a statement of one reading costs. Doses of a pump that share a second are in the order of their receipt, as the pump made
-- them: they no longer count as late, and six hours of their station are not counted again for each.
LOCK TABLE dosing_consumption, batch_events, inventory_levels IN SHARE ROW EXCLUSIVE MODE;

-- Of every reading: the last sign of its station, and the station's day whose batches are to be reconstructed.
CREATE FUNCTION keep_station_state() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    is_refused boolean;
BEGIN
    WITH days AS MATERIALIZED (
        SELECT device_id, (time AT TIME ZONE 'UTC')::date AS day, min(time) AS since, max(time) AS until,
               max(least(time, received_at)) AS last_time, max(received_at) AS received_at,
               bool_and(is_sane_time(received_at) AND octet_length(time_quality) <= 64
                        AND CASE WHEN flags IS NULL THEN true ELSE are_short_labels(flags) END) AS is_sane
          FROM new_rows
         GROUP BY 1, 2 ORDER BY 1, 2
    ), seen AS (
        INSERT INTO device_last_seen AS l (device_id, last_time, received_at)
        SELECT device_id, max(last_time), max(received_at) FROM days GROUP BY 1 ORDER BY 1
            ON CONFLICT (device_id) DO UPDATE
           SET last_time = greatest(l.last_time, excluded.last_time),
               received_at = greatest(l.received_at, excluded.received_at)
    ), queued AS (
        INSERT INTO batch_rebuild_queue AS t (device_id, day, since, until)
        SELECT device_id, day, since, until FROM days
            ON CONFLICT (device_id, day) DO UPDATE
           SET since = least(t.since, excluded.since), until = greatest(t.until, excluded.until), touches = t.touches + 1
    )
    SELECT bool_or(NOT is_sane) INTO is_refused FROM days;
    IF is_refused THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'reading_receipt_sane',
            MESSAGE = 'a reading has an impossible time of receipt, or labels that are too long';
    END IF;
    RETURN NULL;
END $$;

-- Events: what is refused of them, and the entry in the material ledger of each event about a tank's content.
CREATE OR REPLACE FUNCTION enter_station_materials() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    of_all record;
    sent record;
BEGIN
    SELECT bool_and(greatest(octet_length(n.batch_id), octet_length(n.lot), octet_length(n.operator)) <= 512) AS are_names_short,
           bool_and(coalesce(octet_length(n.chemical), 0) <= 512 AND coalesce(n.mass_g, 0) BETWEEN -1e12 AND 1e12) AS is_content_sane,
           bool_or(n.event IN ('prime', 'purge', 'waste', 'refill', 'drum_change')) AS has_materials
      INTO of_all
      FROM new_rows AS n;
    IF NOT of_all.is_content_sane THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'event_content_sane',
            MESSAGE = 'an event has an impossible mass, or the name of a chemical that is too long';
    ELSIF NOT of_all.are_names_short THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'sent_names_short',
            MESSAGE = 'the name of a batch, a lot or an operator is too long';
    ELSIF NOT of_all.has_materials THEN
        RETURN NULL;
    END IF;
    FOR sent IN
        SELECT n.time, n.device_id, n.event, n.recipe, n.dedup, n.pump, n.lot, n.operator,
               coalesce(nullif(n.chemical, ''), (SELECT t.chemical FROM pump_targets AS t
                                                  WHERE t.device_id = n.device_id AND t.pump = n.pump
                                                  ORDER BY t.last_at DESC LIMIT 1)) AS chemical,
               CASE WHEN n.mass_g BETWEEN 1e-6 AND 1e9 THEN n.mass_g END AS mass_g
          FROM new_rows AS n
         WHERE n.event IN ('prime', 'purge', 'waste', 'refill', 'drum_change')
         ORDER BY n.time, n.device_id, n.event, n.recipe, n.dedup
    LOOP
        CONTINUE WHEN sent.chemical IS NULL;
        BEGIN
            PERFORM enter_material(jsonb_build_object(
                'entry_key', 'station:' || encode(sha256(convert_to(jsonb_build_array(sent.device_id, sent.event,
                    sent.recipe, format_instant(sent.time), sent.dedup)::text, 'UTF8')), 'hex'),
                'time', format_instant(sent.time), 'device_id', sent.device_id, 'chemical', sent.chemical,
                'pump', sent.pump, 'kind', sent.event, 'entered_quantity', sent.mass_g, 'entered_unit', 'g',
                'source', 'station', 'lot_number', coalesce(sent.lot, ''), 'operator', coalesce(sent.operator, '')));
        EXCEPTION WHEN SQLSTATE 'DT001' OR check_violation OR insufficient_privilege THEN
            PERFORM reject_ingested(TG_TABLE_NAME, to_jsonb(sent), SQLERRM);
        END;
    END LOOP;
    RETURN NULL;
END $$;

-- Times of receipt of the bucket's first and last dose: they decide between doses of one second. NULL in older rows.
ALTER TABLE pump_rollup
    ADD COLUMN first_received_at timestamptz,
    ADD COLUMN last_received_at  timestamptz;

-- An index over the number of doses made each dose change every index of its target.
ALTER TABLE pump_targets ADD COLUMN is_repeated boolean NOT NULL GENERATED ALWAYS AS (doses >= 10) STORED;
DROP INDEX pump_targets_repeated;
CREATE INDEX pump_targets_repeated ON pump_targets (device_id, pump) WHERE is_repeated;
DO $$
DECLARE
    body CONSTANT text := pg_get_functiondef('public.new_tube_rates(timestamptz)'::regprocedure);
BEGIN
    EXECUTE replace(body, 'FROM pump_targets WHERE doses >= 10', 'FROM pump_targets WHERE is_repeated');
END $$;

-- The buckets of one station's stored doses in a range, by its index.
DROP FUNCTION count_pump_errors(timestamptz, timestamptz, text);
CREATE FUNCTION count_pump_errors(since timestamptz, until timestamptz, of_station text)
RETURNS TABLE (device_id text, pump integer, chemical text, target_g double precision, bucket timestamptz, doses bigint,
               sum_error_g double precision, sum_range_g double precision, first_at timestamptz, last_at timestamptz,
               first_error_g double precision, last_error_g double precision, n_rate bigint, sum_rate double precision,
               sum_sq_rate double precision, sum_error_of_rate double precision, sum_rate_error double precision,
               first_received_at timestamptz, last_received_at timestamptz)
LANGUAGE sql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
SELECT o.device_id, o.pump, o.chemical, o.target_g, o.bucket, count(*), sum(o.error_g),
       coalesce(sum(abs(o.error_g - o.before_g)), 0), min(o.time), max(o.time),
       min(o.error_g) FILTER (WHERE o.before_g IS NULL), min(o.error_g) FILTER (WHERE o.after_g IS NULL),
       count(o.rate), coalesce(sum(o.rate), 0), coalesce(sum(o.rate * o.rate), 0),
       coalesce(sum(o.error_g) FILTER (WHERE o.rate IS NOT NULL), 0), coalesce(sum(o.rate * o.error_g), 0),
       min(o.received_at) FILTER (WHERE o.before_g IS NULL), min(o.received_at) FILTER (WHERE o.after_g IS NULL)
  FROM (SELECT b.*, lag(b.error_g) OVER w AS before_g, lead(b.error_g) OVER w AS after_g
          FROM (SELECT d.device_id, d.pump, d.chemical, d.target_g, d.time, d.received_at, d.dedup, d.error_g,
                       date_bin('6 hours', d.time, '2000-01-01 00:00:00+00') AS bucket,
                       d.target_g * 1000 / nullif(plausible_duration_ms(d.duration_ms), 0) AS rate
                  FROM dosing_consumption AS d
                 WHERE d.time >= since AND d.time < until
                   AND d.device_id = of_station
                   AND d.target_g > 0 AND d.error_g IS NOT NULL) AS b
        WINDOW w AS (PARTITION BY b.device_id, b.pump, b.chemical, b.target_g, b.bucket
                         ORDER BY b.time, b.received_at, b.dedup)) AS o
 GROUP BY 1, 2, 3, 4, 5
$$;
REVOKE ALL ON FUNCTION count_pump_errors(timestamptz, timestamptz, text) FROM PUBLIC;

CREATE OR REPLACE FUNCTION recount_late_pump_errors(most_doses bigint, includes_ended boolean) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    counted bigint;
BEGIN
    WITH late AS MATERIALIZED (
        SELECT l.device_id, l.bucket
          FROM (SELECT DISTINCT device_id, bucket FROM pump_rollup WHERE is_late) AS l
         WHERE (includes_ended AND l.bucket < now() - INTERVAL '12 hours')
            OR (SELECT sum(r.doses) FROM pump_rollup AS r
                 WHERE r.device_id = l.device_id AND r.bucket = l.bucket) <= most_doses
    )
    UPDATE pump_rollup AS r
       SET sum_error_g = c.sum_error_g, sum_range_g = c.sum_range_g, first_at = c.first_at, last_at = c.last_at,
           first_error_g = c.first_error_g, last_error_g = c.last_error_g, n_rate = c.n_rate, sum_rate = c.sum_rate,
           sum_sq_rate = c.sum_sq_rate, sum_error_of_rate = c.sum_error_of_rate, sum_rate_error = c.sum_rate_error,
           first_received_at = c.first_received_at, last_received_at = c.last_received_at, is_late = false
      FROM late
     CROSS JOIN LATERAL count_pump_errors(late.bucket, late.bucket + INTERVAL '6 hours', late.device_id) AS c
     WHERE r.is_late
       AND (r.device_id, r.pump, r.chemical, r.target_g, r.bucket)
         = (c.device_id, c.pump, c.chemical, c.target_g, c.bucket)
       AND c.doses = r.doses;
    GET DIAGNOSTICS counted = ROW_COUNT;
    -- doses of the others are gone, by retention: they stay approximate
    UPDATE pump_rollup SET is_late = false WHERE includes_ended AND is_late AND bucket < now() - INTERVAL '12 hours';
    RETURN counted;
END $$;

-- Doses: every dose is judged once, every group of them added up once, for all rollups. Doses that are newer than their bucket of
-- pump_rollup are appended to it; a bucket with a dose from before its last one is counted again: at once where that is little, else by
-- the collector, which calls recount_late_pump_errors.
CREATE OR REPLACE FUNCTION roll_up_doses() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    has_late boolean;
    are_names_short boolean;
BEGIN
    WITH rules AS MATERIALIZED (
        SELECT r.tolerance_g, r.tolerance_percent, r.class_factor, r.least_dose_g, r.overrides, r.valid_from,
               lead(r.valid_from, 1, 'infinity') OVER (ORDER BY r.valid_from, r.version) AS valid_until
          FROM tolerance_rules AS r
    ), base AS MATERIALIZED (
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
                  JOIN rules AS r ON n.time >= r.valid_from AND n.time < r.valid_until
                 CROSS JOIN LATERAL apply_tolerance_rule(
                       r.tolerance_g, r.tolerance_percent, r.class_factor, r.least_dose_g, r.overrides,
                       n.time, n.recipe, n.mode, n.chemical, n.pump, n.target_g) AS t
                 CROSS JOIN LATERAL judge_error(n.error_g, t.tolerance_g, t.is_weighable) AS j
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
    WITH ordered AS (
        SELECT b.*, lag(b.error_g) OVER w AS before_g, lead(b.error_g) OVER w AS after_g
          FROM (SELECT device_id, pump, chemical, target_g, time, received_at, dedup, error_g,
                       date_bin('6 hours', time, '2000-01-01 00:00:00+00') AS bucket,
                       target_g * 1000 / nullif(plausible_duration_ms(duration_ms), 0) AS rate
                  FROM new_rows
                 WHERE target_g > 0 AND error_g IS NOT NULL) AS b
        WINDOW w AS (PARTITION BY device_id, pump, chemical, target_g, bucket ORDER BY time, received_at, dedup)
    ), merged AS (
        INSERT INTO pump_rollup AS r (device_id, pump, chemical, target_g, bucket, doses, sum_error_g, sum_range_g, first_at,
                                      last_at, first_error_g, last_error_g, n_rate, sum_rate, sum_sq_rate,
                                      sum_error_of_rate, sum_rate_error, first_received_at, last_received_at)
        SELECT device_id, pump, chemical, target_g, bucket, count(*), sum(error_g), coalesce(sum(abs(error_g - before_g)), 0),
               min(time), max(time), min(error_g) FILTER (WHERE before_g IS NULL), min(error_g) FILTER (WHERE after_g IS NULL),
               count(rate), coalesce(sum(rate), 0), coalesce(sum(rate * rate), 0),
               coalesce(sum(error_g) FILTER (WHERE rate IS NOT NULL), 0), coalesce(sum(rate * error_g), 0),
               min(received_at) FILTER (WHERE before_g IS NULL), min(received_at) FILTER (WHERE after_g IS NULL)
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
               last_received_at = CASE WHEN excluded.last_at >= r.last_at THEN excluded.last_received_at ELSE r.last_received_at END,
               is_late = r.is_late OR coalesce((excluded.first_at, excluded.first_received_at)
                                               <= (r.last_at, r.last_received_at), true)
        RETURNING r.is_late
    ), targets AS (
        INSERT INTO pump_targets AS t
        SELECT device_id, pump, chemical, target_g, recipe, mode, count(*), min(time), max(time)
          FROM new_rows
         WHERE target_g > 0 AND error_g IS NOT NULL
         GROUP BY 1, 2, 3, 4, 5, 6 ORDER BY 1, 2, 3, 4, 5, 6
            ON CONFLICT (device_id, pump, chemical, target_g, recipe, mode) DO UPDATE
           SET doses = t.doses + excluded.doses, first_at = least(t.first_at, excluded.first_at),
               last_at = greatest(t.last_at, excluded.last_at)
    ), uses AS (
        INSERT INTO pump_use AS u
        SELECT device_id, pump, date_bin('6 hours', time, '2000-01-01 00:00:00+00'), coalesce(sum(actual_g), 0),
               coalesce(sum(plausible_duration_ms(duration_ms)), 0)
          FROM new_rows
         GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            ON CONFLICT (device_id, pump, bucket) DO UPDATE
           SET sum_actual_g = u.sum_actual_g + excluded.sum_actual_g, run_ms = u.run_ms + excluded.run_ms
    )
    SELECT (SELECT bool_or(m.is_late) FROM merged AS m),
           (SELECT bool_and(greatest(octet_length(n.batch_id), octet_length(n.lot), octet_length(n.operator)) <= 512)
              FROM new_rows AS n)
      INTO has_late, are_names_short;
    IF NOT are_names_short THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'sent_names_short',
            MESSAGE = 'the name of a batch, a lot or an operator is too long';
    ELSIF has_late THEN
        PERFORM recount_late_pump_errors(2000, false);
    END IF;
    RETURN NULL;
END $$;

DROP TRIGGER check_sent_names ON dosing_consumption;
DROP TRIGGER keep_last_seen ON dosing_consumption;
DROP TRIGGER queue_batch_rebuild ON dosing_consumption;
DROP TRIGGER roll_up_pump_errors ON dosing_consumption;
DROP TRIGGER roll_up_pump_use ON dosing_consumption;
DROP TRIGGER check_event_rows ON batch_events;
DROP TRIGGER check_sent_names ON batch_events;
DROP TRIGGER keep_last_seen ON batch_events;
DROP TRIGGER queue_batch_rebuild ON batch_events;
DROP TRIGGER keep_last_seen ON inventory_levels;
DROP TRIGGER queue_batch_rebuild ON inventory_levels;
DROP FUNCTION check_sent_names(), check_event_rows(), keep_last_seen(), queue_batch_rebuild(), roll_up_pump_errors(),
    roll_up_pump_use();
REVOKE ALL ON FUNCTION keep_station_state() FROM PUBLIC;
CREATE TRIGGER keep_station_state AFTER INSERT ON dosing_consumption
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_station_state();
CREATE TRIGGER keep_station_state AFTER INSERT ON batch_events
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_station_state();
CREATE TRIGGER keep_station_state AFTER INSERT ON inventory_levels
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_station_state();
