-- Other writers lost what stations say of a tank, a lot, a batch and a person: the views of any/0022 had no columns for it.
-- Rows without any of it keep the number that they had: what was written before is not stored again.
CREATE OR REPLACE VIEW ingest_dosing_consumption AS
SELECT time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode, duration_ms, dedup, received_at,
       time_quality, flags, batch_id, lot, operator
  FROM dosing_consumption;
CREATE OR REPLACE VIEW ingest_batch_events AS
SELECT time, device_id, event, recipe, pumps, dedup, received_at, time_quality, flags, pump, chemical, mass_g, batch_id, lot,
       operator
  FROM batch_events;

-- The same bounds as those of the triggers on the tables: a row beyond them costs no other.
ALTER TABLE ingest_dosing_rows
    ADD COLUMN batch_id text, ADD COLUMN lot text, ADD COLUMN operator text,
    ADD CONSTRAINT sent_names_short CHECK (octet_length(batch_id) <= 512 AND octet_length(lot) <= 512
                                           AND octet_length(operator) <= 512);
ALTER TABLE ingest_event_rows
    ADD COLUMN pump integer, ADD COLUMN chemical text, ADD COLUMN mass_g double precision,
    ADD COLUMN batch_id text, ADD COLUMN lot text, ADD COLUMN operator text,
    ADD CONSTRAINT sent_names_short CHECK (octet_length(batch_id) <= 512 AND octet_length(lot) <= 512
                                           AND octet_length(operator) <= 512),
    ADD CONSTRAINT event_content_sane CHECK (octet_length(chemical) <= 512 AND mass_g BETWEEN -1e12 AND 1e12);

CREATE OR REPLACE FUNCTION store_ingested_dose() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET extra_float_digits = 1 AS $$
BEGIN
    INSERT INTO ingest_dosing_rows (time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode,
                                    duration_ms, dedup, received_at, time_quality, flags, batch_id, lot, operator)
    VALUES (NEW.time, NEW.device_id, NEW.pump, NEW.chemical, NEW.target_g, NEW.actual_g, NEW.error_g,
            coalesce(NEW.recipe, ''), coalesce(NEW.mode, ''), NEW.duration_ms,
            coalesce(NEW.dedup, compute_dedup(jsonb_build_array(
                NEW.chemical, NEW.target_g, NEW.actual_g, NEW.error_g, coalesce(NEW.recipe, ''),
                coalesce(NEW.mode, ''), NEW.duration_ms)
                || CASE WHEN concat(NEW.batch_id, NEW.lot, NEW.operator) = '' THEN '[]'::jsonb
                        ELSE jsonb_build_array(NEW.batch_id, NEW.lot, NEW.operator) END)),
            transaction_timestamp(), coalesce(NEW.time_quality, 'device'), NEW.flags,
            nullif(NEW.batch_id, ''), nullif(NEW.lot, ''), nullif(NEW.operator, ''));
    RETURN NEW;
EXCEPTION WHEN check_violation OR not_null_violation THEN
    PERFORM reject_ingested(TG_TABLE_NAME, to_jsonb(NEW), SQLERRM);
    RETURN NULL;
END $$;

CREATE OR REPLACE FUNCTION store_ingested_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET extra_float_digits = 1 AS $$
BEGIN
    INSERT INTO ingest_event_rows (time, device_id, event, recipe, pumps, dedup, received_at, time_quality, flags, pump,
                                   chemical, mass_g, batch_id, lot, operator)
    VALUES (NEW.time, NEW.device_id, NEW.event, coalesce(NEW.recipe, ''), NEW.pumps,
            coalesce(NEW.dedup, compute_dedup(jsonb_build_array(NEW.pumps)
                || CASE WHEN concat(NEW.pump, NEW.chemical, NEW.mass_g, NEW.batch_id, NEW.lot, NEW.operator) = ''
                        THEN '[]'::jsonb
                        ELSE jsonb_build_array(NEW.pump, NEW.chemical, NEW.mass_g, NEW.batch_id, NEW.lot, NEW.operator) END)),
            transaction_timestamp(), coalesce(NEW.time_quality, 'device'), NEW.flags, NEW.pump,
            nullif(NEW.chemical, ''), NEW.mass_g, nullif(NEW.batch_id, ''), nullif(NEW.lot, ''), nullif(NEW.operator, ''));
    RETURN NEW;
EXCEPTION WHEN check_violation OR not_null_violation THEN
    PERFORM reject_ingested(TG_TABLE_NAME, to_jsonb(NEW), SQLERRM);
    RETURN NULL;
END $$;

CREATE OR REPLACE TRIGGER store_collected AFTER INSERT ON ingest_dosing_consumption
    FOR EACH STATEMENT EXECUTE FUNCTION store_collected('dosing_consumption', 'ingest_dosing_rows',
        'time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode, duration_ms, dedup, received_at, time_quality, flags, batch_id, lot, operator');
CREATE OR REPLACE TRIGGER store_collected AFTER INSERT ON ingest_batch_events
    FOR EACH STATEMENT EXECUTE FUNCTION store_collected('batch_events', 'ingest_event_rows',
        'time, device_id, event, recipe, pumps, dedup, received_at, time_quality, flags, pump, chemical, mass_g, batch_id, lot, operator');
