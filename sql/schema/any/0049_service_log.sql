-- What was done to pumps and scales: check weighings, tube changes, calibrations, tares. Append-only: a wrong entry is
-- withdrawn by another one. A tube change or a calibration begins the figures of a pump anew (panels/pump_capability).
LOCK TABLE dosing_consumption IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE service_log (
    entry_id   bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    request_id uuid        NOT NULL UNIQUE,  -- of the form or command: sent twice, it is entered once
    at         timestamptz NOT NULL,         -- when it was done, as the person says
    device_id  text        NOT NULL,
    pump       integer,                      -- NULL: the station's scale
    kind       text        NOT NULL,
    target_g   double precision,             -- of a check weighing
    readings_g double precision[] NOT NULL DEFAULT '{}',
    withdraws  bigint      UNIQUE REFERENCES service_log (entry_id),
    note       text        NOT NULL,
    person     text        NOT NULL,         -- the name that was entered
    os_user    text        NOT NULL,         -- the console's account
    db_role    text        NOT NULL DEFAULT session_user,
    entered_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT service_time_sane CHECK (at >= '2020-01-01 00:00:00+00' AND at <= entered_at + INTERVAL '5 minutes'),
    CONSTRAINT service_kind_known CHECK (kind IN ('check weighing', 'tube change', 'calibration', 'tare', 'withdrawal')),
    CONSTRAINT service_of_its_part CHECK (CASE kind WHEN 'tube change' THEN pump IS NOT NULL
                                                    WHEN 'tare' THEN pump IS NULL ELSE true END AND coalesce(pump > 0, true)),
    CONSTRAINT service_weighed CHECK (CASE WHEN kind = 'check weighing'
        THEN coalesce(target_g > 0 AND target_g < 1e9, false) AND cardinality(readings_g) BETWEEN 1 AND 50
             AND 0 <= ALL (readings_g) AND 1e9 > ALL (readings_g)
        ELSE target_g IS NULL AND readings_g = '{}' END),
    CONSTRAINT service_withdrawal CHECK ((kind = 'withdrawal') = (withdraws IS NOT NULL)
                                         AND (kind <> 'withdrawal' OR note <> '')),
    CONSTRAINT service_text_length CHECK (char_length(note) <= 500 AND char_length(person) BETWEEN 1 AND 60
        AND octet_length(device_id) BETWEEN 1 AND 512 AND octet_length(os_user) <= 512),
    CONSTRAINT service_text_plain CHECK (concat(note, person, os_user, device_id) !~ '[\u0001-\u001f\u007f]'),
    CONSTRAINT service_text_harmless CHECK (CASE WHEN getdatabaseencoding() = 'UTF8'
        THEN concat(note, person, os_user, device_id) !~ '[\u0080-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]'
        ELSE true END)
);
CREATE INDEX service_log_part ON service_log (device_id, pump, at DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON service_log
    FOR EACH STATEMENT EXECUTE FUNCTION reject_update_or_delete();

-- The entries with what is reckoned from their weighings, and whether they still count.
CREATE VIEW service_entries AS
SELECT l.entry_id, l.at, l.device_id, l.pump, l.kind, l.target_g, l.readings_g, w.mean_g,
       100 * w.deviation_g / nullif(w.mean_g, 0) AS cv_percent, l.withdraws, l.note, l.person, l.os_user, l.db_role,
       l.entered_at, EXISTS (SELECT FROM service_log AS o WHERE o.withdraws = l.entry_id) AS is_withdrawn
  FROM service_log AS l
  LEFT JOIN LATERAL (SELECT avg(r.grams) AS mean_g, stddev_samp(r.grams) AS deviation_g
                       FROM unnest(l.readings_g) AS r (grams)) AS w ON true;

-- The only way to write: the server says when and as which role.
CREATE FUNCTION enter_service(request uuid, done_at timestamptz, station text, of_pump integer, what text,
                              target double precision, weighings double precision[], of_entry bigint, remark text,
                              who text, account text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    number bigint;
    refusal text;
BEGIN
    SELECT l.entry_id INTO number FROM service_log AS l WHERE l.request_id = request;
    IF number IS NOT NULL THEN
        RETURN number;
    END IF;
    refusal := CASE
        WHEN what <> 'withdrawal' AND done_at > clock_timestamp() + INTERVAL '5 minutes' THEN 'This time is still to come.'
        WHEN what = 'withdrawal' AND NOT EXISTS (SELECT FROM service_log AS l WHERE l.entry_id = of_entry
                                                    AND l.kind <> 'withdrawal') THEN 'There is no such entry.'
        WHEN what = 'withdrawal' AND EXISTS (SELECT FROM service_log AS l WHERE l.withdraws = of_entry)
        THEN 'The entry is withdrawn already.'
    END;
    IF refusal IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'DT001', MESSAGE = refusal;
    END IF;
    INSERT INTO service_log (request_id, at, device_id, pump, kind, target_g, readings_g, withdraws, note, person, os_user,
                             db_role, entered_at)
    SELECT request, coalesce(l.at, done_at), coalesce(l.device_id, station),
           CASE WHEN l.entry_id IS NULL THEN of_pump ELSE l.pump END,
           what, target, weighings, of_entry, remark, who, account, session_user, clock_timestamp()
      FROM (SELECT) AS one
      LEFT JOIN service_log AS l ON l.entry_id = of_entry
    RETURNING entry_id INTO number;
    RETURN number;
END $$;
REVOKE ALL ON FUNCTION enter_service(uuid, timestamptz, text, integer, text, double precision, double precision[], bigint,
                                     text, text, text) FROM PUBLIC;

-- What each pump has dosed and how long it ran, per six hours (UTC): the use of its tube.
CREATE TABLE pump_use (
    device_id    text             NOT NULL,
    pump         integer          NOT NULL,
    bucket       timestamptz      NOT NULL,
    sum_actual_g double precision NOT NULL,
    run_ms       bigint           NOT NULL,
    PRIMARY KEY (device_id, pump, bucket)
) WITH (fillfactor = 70);

CREATE FUNCTION roll_up_pump_use() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO pump_use AS u
    SELECT device_id, pump, date_bin('6 hours', time, '2000-01-01 00:00:00+00'), coalesce(sum(actual_g), 0),
           coalesce(sum(plausible_duration_ms(duration_ms)), 0)
      FROM new_rows
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
        ON CONFLICT (device_id, pump, bucket) DO UPDATE
       SET sum_actual_g = u.sum_actual_g + excluded.sum_actual_g, run_ms = u.run_ms + excluded.run_ms;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION roll_up_pump_use() FROM PUBLIC;
CREATE TRIGGER roll_up_pump_use AFTER INSERT ON dosing_consumption
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION roll_up_pump_use();

SET LOCAL work_mem = '256MB';
INSERT INTO pump_use
SELECT device_id, pump, date_bin('6 hours', time, '2000-01-01 00:00:00+00'), coalesce(sum(actual_g), 0),
       coalesce(sum(plausible_duration_ms(duration_ms)), 0)
  FROM dosing_consumption
 GROUP BY 1, 2, 3;

-- The state of each pump that has dosed before a time, by the entries before it: the last tube change (NULL: none is
-- entered), the last calibration of pump and scale, the time its figures begin at (NULL: from the first dose), first dose,
-- and what went through the tube since its change, or since the first dose.
CREATE FUNCTION pump_service_states(until timestamptz) RETURNS TABLE (
    device_id text, pump integer, tube_at timestamptz, calibrated_at timestamptz, scale_calibrated_at timestamptz,
    baseline_at timestamptz, first_at timestamptz, tube_g double precision, tube_run_s double precision
) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN  -- not plain SQL: planned once in a session, not with each panel
RETURN QUERY
WITH pumps AS (
SELECT u.device_id, u.pump, min(u.bucket) AS first_at
  FROM public.pump_use AS u
 WHERE u.bucket < until
 GROUP BY 1, 2
), entries AS (
SELECT e.device_id, e.pump, max(e.at) FILTER (WHERE e.kind = 'tube change') AS tube_at,
       max(e.at) FILTER (WHERE e.kind = 'calibration') AS calibrated_at
  FROM public.service_entries AS e
 WHERE e.at < until AND NOT e.is_withdrawn AND e.kind IN ('tube change', 'calibration')
 GROUP BY 1, 2
), dated AS (
SELECT p.device_id, p.pump, p.first_at, o.tube_at, o.calibrated_at, s.calibrated_at AS scale_calibrated_at
  FROM pumps AS p
  LEFT JOIN entries AS o ON o.device_id = p.device_id AND o.pump = p.pump
  LEFT JOIN entries AS s ON s.device_id = p.device_id AND s.pump IS NULL
)
SELECT d.device_id, d.pump, d.tube_at, d.calibrated_at, d.scale_calibrated_at,
       greatest(d.tube_at, d.calibrated_at, d.scale_calibrated_at), d.first_at, w.grams, w.run_ms / 1000.0::double precision
  FROM dated AS d
 CROSS JOIN LATERAL (
       SELECT coalesce(sum(p.grams), 0) AS grams, coalesce(sum(p.run_ms), 0) AS run_ms
         FROM (SELECT u.sum_actual_g AS grams, u.run_ms
                 FROM public.pump_use AS u
                WHERE u.device_id = d.device_id AND u.pump = d.pump
                  AND u.bucket >= public.next_bucket_start('6 hours', coalesce(d.tube_at, d.first_at))
                  AND u.bucket < date_bin('6 hours', until, '2000-01-01 00:00:00+00')
                UNION ALL  -- the rest of the six hours of the change, and the six hours of until: each a range of the index
               SELECT o.actual_g, public.plausible_duration_ms(o.duration_ms)
                 FROM public.dosing_consumption AS o
                WHERE o.device_id = d.device_id AND o.pump = d.pump AND o.time >= d.tube_at
                  AND o.time < least(public.next_bucket_start('6 hours', d.tube_at), until)
                UNION ALL
               SELECT o.actual_g, public.plausible_duration_ms(o.duration_ms)
                 FROM public.dosing_consumption AS o
                WHERE o.device_id = d.device_id AND o.pump = d.pump AND o.time < until
                  AND o.time >= greatest(date_bin('6 hours', until, '2000-01-01 00:00:00+00'),
                                         public.next_bucket_start('6 hours', d.tube_at))) AS p) AS w;
END $$;

-- The flow of each target of a pump whose tube change is entered, in g/s: the mean of its first doses in whole six hours
-- after the change, until there are 50; NULL below ten. Of the rollup alone: a scan of the doses takes ten times as long as
-- all else of the panel.
CREATE FUNCTION new_tube_rates(until timestamptz) RETURNS TABLE (
    device_id text, pump integer, chemical text, target_g double precision, rate double precision
) LANGUAGE plpgsql STABLE SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
RETURN QUERY
SELECT t.device_id, t.pump, t.chemical, t.target_g, r.rate
  FROM (SELECT e.device_id, e.pump, max(e.at) AS tube_at
          FROM service_entries AS e
         WHERE e.kind = 'tube change' AND NOT e.is_withdrawn AND e.at < until
         GROUP BY 1, 2) AS c
  JOIN (SELECT DISTINCT device_id, pump, chemical, target_g FROM pump_targets WHERE doses >= 10) AS t
    ON t.device_id = c.device_id AND t.pump = c.pump
 CROSS JOIN LATERAL (SELECT sum(b.sum_rate) / sum(b.n_rate) AS rate, sum(b.n_rate) AS rates
                       FROM (SELECT p.n_rate, p.sum_rate, sum(p.n_rate) OVER (ORDER BY p.bucket) - p.n_rate AS before
                               FROM pump_rollup AS p
                              WHERE p.device_id = t.device_id AND p.pump = t.pump AND p.chemical = t.chemical
                                AND p.target_g = t.target_g AND p.bucket >= c.tube_at
                                AND p.bucket < least(date_bin('6 hours', until, '2000-01-01 00:00:00+00'),
                                                     c.tube_at + INTERVAL '90 days')) AS b
                      WHERE b.before < 50) AS r
 WHERE r.rates >= 10;
END $$;

SELECT copy_dose_grants('public.service_log, public.service_entries, public.pump_use',
    'EXECUTE ON FUNCTION public.enter_service(uuid, timestamptz, text, integer, text, double precision, double precision[],'
    ' bigint, text, text, text)');
