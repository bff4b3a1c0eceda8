-- Material ledger: what people and stations enter about the content of a tank. Append-only; each entry is in the chain of
-- audit_trail. The book of a tank is its last count or drum change, and what came in and went out since, doses included.

-- What a station says of a prime, refill, purge, waste or drum change, if it says it.
ALTER TABLE batch_events
    ADD COLUMN IF NOT EXISTS pump     integer,
    ADD COLUMN IF NOT EXISTS chemical text,
    ADD COLUMN IF NOT EXISTS mass_g   double precision;

CREATE TABLE material_entries (
    entry_id         bigint           PRIMARY KEY REFERENCES audit_trail (seq),
    entry_key        text             NOT NULL UNIQUE,   -- an entry that is sent again has the same, and adds nothing
    time             timestamptz      NOT NULL,          -- when it happened
    recorded_at      timestamptz      NOT NULL,          -- when it was entered, by the server's clock
    device_id        text             NOT NULL,
    chemical         text             NOT NULL,
    chemical_key     text             NOT NULL GENERATED ALWAYS AS (fold_name(chemical)) STORED,
    pump             integer,
    kind             text             NOT NULL,
    -- what was added or taken, positive; a count: what was there; a drum change: what the new drum holds; a correction: with
    -- its sign. NULL: a station gave no mass.
    mass_g           double precision,
    change_g         double precision GENERATED ALWAYS AS (
        CASE WHEN kind IN ('delivery', 'refill', 'correction') THEN mass_g
             WHEN kind IN ('prime', 'purge', 'waste') THEN -mass_g END) STORED,   -- NULL: a count or drum change sets the book
    entered_quantity double precision,                   -- as it was entered, in entered_unit
    entered_unit     text             NOT NULL,
    density_g_per_ml double precision,                   -- of litres
    lot_number       text             NOT NULL DEFAULT '',
    supplier         text             NOT NULL DEFAULT '',
    expires_on       date,
    opened_on        date,
    certificate      text             NOT NULL DEFAULT '',
    reason           text             NOT NULL DEFAULT '',
    source           text             NOT NULL,
    operator         text             NOT NULL,          -- the name that was typed; db_role is the fact
    os_user          text             NOT NULL DEFAULT '',
    db_role          text             NOT NULL,
    CONSTRAINT material_time_sane CHECK (time >= '2020-01-01 00:00:00+00' AND time < '2100-01-01 00:00:00+00'),
    CONSTRAINT material_kind_known CHECK (kind IN ('delivery', 'drum_change', 'refill', 'prime', 'purge', 'waste', 'count',
        'correction')),
    CONSTRAINT material_source_known CHECK (source IN ('console', 'cli', 'csv', 'station')),
    CONSTRAINT material_key_of_source CHECK (entry_key ~ ('^' || source || ':[0-9a-zA-Z-]{1,80}$')),
    CONSTRAINT material_mass_sane CHECK (coalesce(CASE kind WHEN 'correction' THEN abs(mass_g) BETWEEN 1e-6 AND 1e9
        WHEN 'count' THEN mass_g BETWEEN 0 AND 1e9 WHEN 'drum_change' THEN mass_g BETWEEN 0 AND 1e9
        ELSE mass_g BETWEEN 1e-6 AND 1e9 END, source = 'station')),
    CONSTRAINT material_unit_known CHECK (entered_unit IN ('g', 'kg', 'lb', 'l') AND (entered_unit <> 'l'
        OR density_g_per_ml BETWEEN 0.1 AND 25)),
    CONSTRAINT material_dates_sane CHECK (expires_on >= '2000-01-01' AND expires_on < '2200-01-01'
        AND opened_on >= '2000-01-01' AND opened_on < '2200-01-01'),
    CONSTRAINT material_reason_given CHECK (reason <> '' OR kind NOT IN ('waste', 'correction') OR source = 'station'),
    CONSTRAINT material_operator_given CHECK (char_length(operator) BETWEEN 1 AND 60 OR source = 'station'),
    CONSTRAINT material_text_short CHECK (octet_length(device_id) BETWEEN 1 AND 512 AND octet_length(chemical) BETWEEN 1 AND 512
        AND octet_length(os_user) <= 512 AND char_length(lot_number) <= 100 AND char_length(supplier) <= 100
        AND char_length(certificate) <= 200 AND char_length(reason) <= 500),
    CONSTRAINT material_text_plain CHECK (
        concat(device_id, chemical, lot_number, supplier, certificate, reason, operator, os_user) !~ '[\u0001-\u001f\u007f]'),
    -- as the texts of operator_notes
    CONSTRAINT material_text_harmless CHECK (CASE WHEN getdatabaseencoding() = 'UTF8'
        THEN concat(device_id, chemical, lot_number, supplier, certificate, reason, operator, os_user)
             !~ '[\u0080-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]'
        ELSE true END)
);
CREATE INDEX material_entries_tank ON material_entries (device_id, chemical_key, time DESC);
CREATE INDEX material_entries_time ON material_entries (time DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON material_entries
    FOR EACH STATEMENT EXECUTE FUNCTION reject_update_or_delete();

-- Mass of a quantity in g; NULL for a unit that is none, and for litres without a density.
CREATE FUNCTION convert_to_grams(quantity double precision, unit text, density_g_per_ml double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN quantity * CASE unit WHEN 'g' THEN 1 WHEN 'kg' THEN 1000 WHEN 'lb' THEN 453.59237
                            WHEN 'l' THEN 1000 * density_g_per_ml END;

-- Makes an entry of the columns of material_entries that a client gives; the server gives the mass, the time of recording
-- and the role. Returns its number, NULL if the entry is stored already. SQLSTATE DT001: refused, with a sentence.
-- extra_float_digits is part of the function: numbers are in the chain as text.
CREATE FUNCTION enter_material(entry jsonb) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET extra_float_digits = 1 AS $$
DECLARE
    given material_entries := jsonb_populate_record(NULL::material_entries, entry);
    moment timestamptz;
    grams double precision := convert_to_grams(given.entered_quantity, given.entered_unit, given.density_g_per_ml);
    refusal text;
    number bigint;
BEGIN
    PERFORM lock_audit_trail();
    IF EXISTS (SELECT FROM material_entries AS m WHERE m.entry_key = given.entry_key) THEN
        RETURN NULL;
    END IF;
    moment := clock_timestamp();
    refusal := CASE
        WHEN given.source = 'station' AND NOT has_table_privilege(session_user, 'public.batch_events', 'INSERT')
        THEN 'Only a collector enters what a station sends.'
        WHEN coalesce(given.device_id, '') = '' OR coalesce(given.chemical, '') = '' THEN 'Enter station and chemical.'
        WHEN given.source = 'station' THEN NULL
        WHEN given.entered_unit = 'l' AND given.density_g_per_ml IS NULL
        THEN 'Litres of ' || given.chemical || ' need its density in g/ml (setting [[chemicals]]).'
        WHEN grams IS NULL THEN 'Enter a quantity in g, kg, lb or l.'
        WHEN given.time > moment + INTERVAL '5 minutes' THEN 'The time of the entry is in the future.'
        WHEN coalesce(given.reason, '') = '' AND given.kind IN ('waste', 'correction') THEN 'A reason is required.'
        WHEN coalesce(given.operator, '') = '' THEN 'Enter your name.'
    END;
    IF refusal IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'DT001', MESSAGE = refusal;
    END IF;
    given.recorded_at := moment;
    given.mass_g := grams;
    given.db_role := session_user;
    given.lot_number := coalesce(given.lot_number, '');
    given.supplier := coalesce(given.supplier, '');
    given.certificate := coalesce(given.certificate, '');
    given.reason := coalesce(given.reason, '');
    given.operator := coalesce(given.operator, '');
    given.os_user := coalesce(given.os_user, '');
    number := append_audit_entry(moment, 'material', given.chemical || ' (' || given.device_id || ')', given.operator,
        jsonb_build_object(
            'entry_key', given.entry_key, 'time', format_instant(given.time), 'recorded_at', format_instant(moment),
            'device_id', given.device_id, 'chemical', given.chemical, 'pump', given.pump, 'kind', given.kind,
            'mass_g', given.mass_g::text, 'entered_quantity', given.entered_quantity::text,
            'entered_unit', given.entered_unit, 'density_g_per_ml', given.density_g_per_ml::text,
            'lot_number', given.lot_number, 'supplier', given.supplier,
            'expires_on', to_char(given.expires_on, 'YYYY-MM-DD'), 'opened_on', to_char(given.opened_on, 'YYYY-MM-DD'),
            'certificate', given.certificate, 'reason', given.reason, 'source', given.source,
            'operator', given.operator, 'os_user', given.os_user, 'db_role', given.db_role));
    INSERT INTO material_entries (entry_id, entry_key, time, recorded_at, device_id, chemical, pump, kind, mass_g,
                                  entered_quantity, entered_unit, density_g_per_ml, lot_number, supplier, expires_on,
                                  opened_on, certificate, reason, source, operator, os_user, db_role)
    VALUES (number, given.entry_key, given.time, moment, given.device_id, given.chemical, given.pump, given.kind,
            given.mass_g, given.entered_quantity, given.entered_unit, given.density_g_per_ml, given.lot_number,
            given.supplier, given.expires_on, given.opened_on, given.certificate, given.reason, given.source,
            given.operator, given.os_user, given.db_role);
    RETURN number;
END $$;

-- What a station sends about the content of a tank becomes one entry, with the identity of its event. An event without a
-- chemical is about the one that its pump dosed last; one of neither is no entry. The event is stored in any case.
CREATE FUNCTION enter_station_materials() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    sent record;
BEGIN
    FOR sent IN
        SELECT n.time, n.device_id, n.event, n.recipe, n.dedup, n.pump,
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
                'source', 'station'));
        EXCEPTION WHEN SQLSTATE 'DT001' OR check_violation OR insufficient_privilege THEN
            PERFORM reject_ingested(TG_TABLE_NAME, to_jsonb(sent), SQLERRM);
        END;
    END LOOP;
    RETURN NULL;
END $$;
CREATE TRIGGER enter_station_materials AFTER INSERT ON batch_events
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION enter_station_materials();

-- assign_signature_owner() gives the function its owner, too, and that role what it needs. The trigger calls it as the
-- owner of the tables.
DO $$
DECLARE
    body text := pg_get_functiondef('public.assign_signature_owner()'::regprocedure);
BEGIN
    body := replace(body, '''add_recipe_version''', '''add_recipe_version'', ''enter_material''');
    body := replace(body, 'GRANT SELECT, INSERT, UPDATE ON pin_counters TO dosing_auditor;',
        'GRANT SELECT, INSERT, UPDATE ON pin_counters TO dosing_auditor;'
        ' GRANT SELECT, INSERT ON material_entries TO dosing_auditor;');
    EXECUTE replace(body, 'RETURN true;',
        'EXECUTE format(''GRANT EXECUTE ON FUNCTION enter_material(jsonb), format_instant(timestamptz) TO %s'','
        ' (SELECT relowner::regrole FROM pg_class WHERE oid = ''public.material_entries''::regclass)); RETURN true;');
END $$;
REVOKE ALL ON FUNCTION enter_material(jsonb), enter_station_materials() FROM PUBLIC;
SELECT assign_signature_owner();

SELECT copy_dose_grants('public.material_entries', 'EXECUTE ON FUNCTION public.enter_material(jsonb)');
