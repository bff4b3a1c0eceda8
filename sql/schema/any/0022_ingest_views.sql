-- For other writers, e.g. Telegraf: what is inserted or copied into these views is stored in the tables of readings, each
-- reading once. With COPY into the tables themselves one repeated or impossible row fails the whole COPY; here it is
-- dropped, or kept in rejected_messages with the reason, and its neighbours are stored.
CREATE VIEW ingest_dosing_consumption AS
SELECT time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode, duration_ms, dedup, received_at,
       time_quality, flags
  FROM dosing_consumption;

CREATE VIEW ingest_batch_events AS
SELECT time, device_id, event, recipe, pumps, dedup, received_at, time_quality, flags FROM batch_events;

CREATE VIEW ingest_inventory_levels AS
SELECT time, device_id, chemical, remaining_g, capacity_g, percent_full, dedup, received_at, time_quality, flags
  FROM inventory_levels;

-- One writer at a time: two that store the same rows in another order would wait for each other. Nobody else may lock it.
CREATE TABLE ingest_lock (unused boolean);

CREATE FUNCTION lock_ingest() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    LOCK TABLE ingest_lock IN EXCLUSIVE MODE;
    RETURN NULL;
END $$;

-- A number for a row that has none, from its values: the same reading gets the same one, however it was written.
CREATE FUNCTION compute_dedup(row_values jsonb) RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
    SELECT ('x' || left(encode(sha256(convert_to(row_values::text, 'UTF8')), 'hex'), 8))::bit(32)::integer
$$;

CREATE FUNCTION reject_ingested(source text, row_values jsonb, reason text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO rejected_messages (received_at, topic, record, reason)
    VALUES (transaction_timestamp(), source, convert_to(row_values::text, 'UTF8'), reason)
        ON CONFLICT DO NOTHING
$$;

-- extra_float_digits is part of the functions: else a session's setting would change the numbers that are computed.
CREATE FUNCTION store_ingested_dose() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET extra_float_digits = 1 AS $$
BEGIN
    INSERT INTO dosing_consumption (time, device_id, pump, chemical, target_g, actual_g, error_g, recipe, mode,
                                    duration_ms, dedup, received_at, time_quality, flags)
    VALUES (NEW.time, NEW.device_id, NEW.pump, NEW.chemical, NEW.target_g, NEW.actual_g, NEW.error_g,
            coalesce(NEW.recipe, ''), coalesce(NEW.mode, ''), NEW.duration_ms,
            coalesce(NEW.dedup, compute_dedup(jsonb_build_array(
                NEW.chemical, NEW.target_g, NEW.actual_g, NEW.error_g, coalesce(NEW.recipe, ''),
                coalesce(NEW.mode, ''), NEW.duration_ms))),
            coalesce(NEW.received_at, transaction_timestamp()), coalesce(NEW.time_quality, 'device'), NEW.flags)
        ON CONFLICT DO NOTHING;
    RETURN NEW;
EXCEPTION WHEN check_violation OR not_null_violation THEN
    PERFORM reject_ingested(TG_TABLE_NAME, to_jsonb(NEW), SQLERRM);
    RETURN NULL;
END $$;

CREATE FUNCTION store_ingested_event() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET extra_float_digits = 1 AS $$
BEGIN
    INSERT INTO batch_events (time, device_id, event, recipe, pumps, dedup, received_at, time_quality, flags)
    VALUES (NEW.time, NEW.device_id, NEW.event, coalesce(NEW.recipe, ''), NEW.pumps,
            coalesce(NEW.dedup, compute_dedup(jsonb_build_array(NEW.pumps))),
            coalesce(NEW.received_at, transaction_timestamp()), coalesce(NEW.time_quality, 'device'), NEW.flags)
        ON CONFLICT DO NOTHING;
    RETURN NEW;
EXCEPTION WHEN check_violation OR not_null_violation THEN
    PERFORM reject_ingested(TG_TABLE_NAME, to_jsonb(NEW), SQLERRM);
    RETURN NULL;
END $$;

CREATE FUNCTION store_ingested_level() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET extra_float_digits = 1 AS $$
BEGIN
    INSERT INTO inventory_levels (time, device_id, chemical, remaining_g, capacity_g, percent_full, dedup,
                                  received_at, time_quality, flags)
    VALUES (NEW.time, NEW.device_id, NEW.chemical, NEW.remaining_g, NEW.capacity_g, NEW.percent_full,
            coalesce(NEW.dedup, compute_dedup(jsonb_build_array(
                NEW.remaining_g, NEW.capacity_g, NEW.percent_full))),
            coalesce(NEW.received_at, transaction_timestamp()), coalesce(NEW.time_quality, 'device'), NEW.flags)
        ON CONFLICT DO NOTHING;
    RETURN NEW;
EXCEPTION WHEN check_violation OR not_null_violation THEN
    PERFORM reject_ingested(TG_TABLE_NAME, to_jsonb(NEW), SQLERRM);
    RETURN NULL;
END $$;

REVOKE ALL ON FUNCTION lock_ingest(), compute_dedup(jsonb), reject_ingested(text, jsonb, text),
                       store_ingested_dose(), store_ingested_event(), store_ingested_level() FROM PUBLIC;

CREATE TRIGGER lock_ingest BEFORE INSERT ON ingest_dosing_consumption
    FOR EACH STATEMENT EXECUTE FUNCTION lock_ingest();
CREATE TRIGGER store_ingested INSTEAD OF INSERT ON ingest_dosing_consumption
    FOR EACH ROW EXECUTE FUNCTION store_ingested_dose();
CREATE TRIGGER lock_ingest BEFORE INSERT ON ingest_batch_events
    FOR EACH STATEMENT EXECUTE FUNCTION lock_ingest();
CREATE TRIGGER store_ingested INSTEAD OF INSERT ON ingest_batch_events
    FOR EACH ROW EXECUTE FUNCTION store_ingested_event();
CREATE TRIGGER lock_ingest BEFORE INSERT ON ingest_inventory_levels
    FOR EACH STATEMENT EXECUTE FUNCTION lock_ingest();
CREATE TRIGGER store_ingested INSTEAD OF INSERT ON ingest_inventory_levels
    FOR EACH ROW EXECUTE FUNCTION store_ingested_level();

-- Who may store readings may store them here, too.
SELECT copy_dose_grants(
    'public.ingest_dosing_consumption, public.ingest_batch_events, public.ingest_inventory_levels',
    'INSERT ON public.ingest_dosing_consumption, public.ingest_batch_events, public.ingest_inventory_levels');
