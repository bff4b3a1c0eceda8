-- Lots: what each tank held after each entry of the material ledger, and which lots each batch got.

-- What a station says of a dose or an event, if it says it: its own name of the batch, the lot, who was there.
ALTER TABLE dosing_consumption
    ADD COLUMN IF NOT EXISTS batch_id text,
    ADD COLUMN IF NOT EXISTS lot      text,
    ADD COLUMN IF NOT EXISTS operator text;
ALTER TABLE batch_events
    ADD COLUMN IF NOT EXISTS batch_id text,
    ADD COLUMN IF NOT EXISTS lot      text,
    ADD COLUMN IF NOT EXISTS operator text;

-- They have the bounds of other texts. A compressed table takes no new CHECK: a trigger refuses.
CREATE FUNCTION check_sent_names() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM new_rows AS n
                WHERE octet_length(n.batch_id) > 512 OR octet_length(n.lot) > 512 OR octet_length(n.operator) > 512) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'sent_names_short',
            MESSAGE = 'the name of a batch, a lot or an operator is too long';
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER check_sent_names AFTER INSERT ON dosing_consumption
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION check_sent_names();
CREATE TRIGGER check_sent_names AFTER INSERT ON batch_events
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION check_sent_names();

-- The entry that a station's refill or drum change makes in the ledger has the lot and the operator that it sends.
DO $$
DECLARE
    body text := pg_get_functiondef('public.enter_station_materials()'::regprocedure);
BEGIN
    body := replace(body, 'n.dedup, n.pump,', 'n.dedup, n.pump, n.lot, n.operator,');
    body := replace(body, $old$'source', 'station'$old$,
        $new$'source', 'station', 'lot_number', coalesce(sent.lot, ''), 'operator', coalesce(sent.operator, '')$new$);
    IF body NOT LIKE '%n.lot%sent.lot%' THEN
        RAISE EXCEPTION 'enter_station_materials() is not as it was expected';
    END IF;
    EXECUTE body;
END $$;

-- The book of a tank and the shares of its lots after an entry; [] while no lot was entered for it. Ideal mixing: the rules
-- are in domain/materials/lots. Derived from the ledger and the doses: an entry or a dose that comes late changes it.
CREATE TABLE tank_mixes (
    entry_id bigint           PRIMARY KEY,  -- of material_entries, which no role empties
    book_g   double precision,              -- NULL: not known
    lots     jsonb            NOT NULL
);
CREATE INDEX material_entries_lot ON material_entries (chemical_key, lot_number, time) WHERE lot_number <> '';

-- The lots in a batch, for tracing: its judgement, which is hashed, says the same. lot_number is '' for an unknown lot, share 0
-- where nobody knows how much.
CREATE TABLE batch_lots (
    batch_key  text             NOT NULL REFERENCES batches ON DELETE CASCADE,
    chemical   text             NOT NULL,
    lot_number text             NOT NULL,
    share      double precision NOT NULL,
    mass_g     double precision,
    PRIMARY KEY (batch_key, chemical, lot_number)
);
CREATE INDEX batch_lots_number ON batch_lots (fold_name(lot_number));

-- An entry changes what the batches after it were made of: they are judged again, and so are those of other tanks that got
-- the same lot, whose supplier or expiry it may tell.
CREATE FUNCTION queue_batch_rebuild_by_materials() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO batch_rebuild_queue AS t (device_id, day, since, until)
    SELECT s.device_id, (n.time AT TIME ZONE 'UTC')::date, min(n.time), max(n.time)
      FROM new_rows AS n
     CROSS JOIN LATERAL (SELECT n.device_id
                          UNION
                         SELECT m.device_id FROM material_entries AS m
                          WHERE n.lot_number <> '' AND m.lot_number = n.lot_number AND m.chemical_key = n.chemical_key
                            AND m.time >= n.time) AS s
     GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (device_id, day) DO UPDATE
       SET since = least(t.since, excluded.since), until = greatest(t.until, excluded.until),
           touches = t.touches + 1;
    RETURN NULL;
END $$;
CREATE TRIGGER queue_batch_rebuild AFTER INSERT ON material_entries
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION queue_batch_rebuild_by_materials();
REVOKE ALL ON FUNCTION queue_batch_rebuild_by_materials() FROM PUBLIC;

SELECT copy_dose_grants('public.tank_mixes, public.batch_lots', 'INSERT, UPDATE ON public.tank_mixes',
                        'INSERT, UPDATE, DELETE ON public.batch_lots');
