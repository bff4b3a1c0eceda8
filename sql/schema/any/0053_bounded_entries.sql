-- Bounds of what a client may set. A time that no program can read, a text that hides or reverses others, or a field of
-- megabytes would stay for good: the tables are append-only. NOT VALID: rows that are there already stay.

CREATE FUNCTION is_sane_time(moment timestamptz) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN moment >= timestamptz '1970-01-01 00:00:00+00' AND moment < timestamptz '2100-01-01 00:00:00+00';

-- Without control characters, invisible ones, and changes of the direction of text. Outside UTF-8 the higher codes are other
-- letters.
CREATE FUNCTION is_harmless_text(given text) RETURNS boolean LANGUAGE sql STABLE PARALLEL SAFE
RETURN given !~ '[\u0001-\u001f\u007f]' AND CASE WHEN getdatabaseencoding() = 'UTF8'
    THEN given !~ '[\u0080-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]' ELSE true END;

CREATE FUNCTION are_short_labels(labels text[]) RETURNS boolean LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN cardinality(labels) <= 64 AND octet_length(array_to_string(labels, ',', '')) <= 4096;

ALTER TABLE alarm_journal
    ADD CONSTRAINT alarm_receipt_sane  CHECK (is_sane_time(received_at) AND is_sane_time(until)) NOT VALID,
    ADD CONSTRAINT alarm_text_harmless CHECK (is_harmless_text(concat(message, author, os_user, comment))) NOT VALID;
ALTER TABLE operator_notes
    ADD CONSTRAINT note_text_visible CHECK (is_harmless_text(concat(text, author, os_user, device_id))) NOT VALID;
ALTER TABLE batch_reviews
    ADD CONSTRAINT review_text_bounded CHECK (char_length(comment) <= 2000 AND octet_length(os_user) <= 512
        AND is_harmless_text(concat(who, os_user, comment))) NOT VALID;
ALTER TABLE pin_checks ADD CONSTRAINT pin_check_short CHECK (octet_length(who) <= 1024) NOT VALID;
DO $$
BEGIN
    IF to_regclass('public.material_entries') IS NOT NULL THEN
        ALTER TABLE material_entries ADD CONSTRAINT material_text_visible CHECK (is_harmless_text(
            concat(device_id, chemical, lot_number, supplier, certificate, reason, operator, os_user))) NOT VALID;
    END IF;
END $$;

-- Entries from before that no program can read; readers leave them out.
CREATE INDEX alarm_journal_unreadable ON alarm_journal (site)
    WHERE NOT (is_sane_time(received_at) AND coalesce(is_sane_time(until), true));

-- The tables of readings may be compressed, and then take no new CHECK: the trigger that sees every statement's rows refuses.
CREATE OR REPLACE FUNCTION keep_last_seen() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF EXISTS (SELECT FROM new_rows AS n
                WHERE NOT (is_sane_time(n.received_at) AND octet_length(n.time_quality) <= 64
                           AND coalesce(are_short_labels(n.flags), true))) THEN
        RAISE EXCEPTION USING ERRCODE = 'check_violation', TABLE = TG_TABLE_NAME, CONSTRAINT = 'reading_receipt_sane',
            MESSAGE = 'a reading has an impossible time of receipt, or labels that are too long';
    END IF;
    INSERT INTO device_last_seen AS l (device_id, last_time, received_at)
    SELECT device_id, max(least(time, received_at)), max(received_at)
      FROM new_rows GROUP BY device_id ORDER BY device_id
    ON CONFLICT (device_id) DO UPDATE
       SET last_time = greatest(l.last_time, excluded.last_time),
           received_at = greatest(l.received_at, excluded.received_at);
    RETURN NULL;
END $$;

-- What impossible receipts had pinned: the last sign of a station, and the level of a tank.
UPDATE device_last_seen SET received_at = now(), last_time = least(last_time, now()) WHERE NOT is_sane_time(received_at);
WITH pinned AS (
DELETE FROM inventory_latest WHERE NOT is_sane_time(received_at) RETURNING device_id, chemical
)
INSERT INTO inventory_latest (device_id, chemical, time, remaining_g, capacity_g, percent_full, dedup, received_at,
                              time_quality, flags)
SELECT p.device_id, p.chemical, l.time, l.remaining_g, l.capacity_g, l.percent_full, l.dedup, l.received_at,
       l.time_quality, l.flags
  FROM pinned AS p
 CROSS JOIN LATERAL (SELECT v.* FROM inventory_levels AS v
                      WHERE v.device_id = p.device_id AND v.chemical = p.chemical AND is_sane_time(v.received_at)
                      ORDER BY least(v.time, v.received_at) DESC, v.received_at DESC, v.dedup DESC
                      LIMIT 1) AS l
    ON CONFLICT (device_id, chemical) DO NOTHING;

-- Other writers: received is when it is stored, whatever they say. A row that is refused is kept up to a length.
ALTER TABLE ingest_dosing_rows ADD CONSTRAINT ingest_dose_short CHECK (octet_length(time_quality) <= 64 AND are_short_labels(flags));
ALTER TABLE ingest_event_rows ADD CONSTRAINT ingest_event_short CHECK (octet_length(time_quality) <= 64 AND are_short_labels(flags));
ALTER TABLE ingest_level_rows ADD CONSTRAINT ingest_level_short CHECK (octet_length(time_quality) <= 64 AND are_short_labels(flags));

CREATE OR REPLACE FUNCTION reject_ingested(source text, row_values jsonb, reason text) RETURNS void
LANGUAGE sql SET search_path = pg_catalog, public, pg_temp AS $$
    INSERT INTO rejected_messages (received_at, topic, record, reason)
    VALUES (transaction_timestamp(), source, convert_to(left(row_values::text, 20000), 'UTF8'), left(reason, 500))
        ON CONFLICT DO NOTHING
$$;

-- Changes one expression in a function's body; of another body than the known one it says so.
CREATE FUNCTION replace_in_body(signature regprocedure, known text, better text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    body CONSTANT text := pg_get_functiondef(signature);
BEGIN
    IF strpos(body, known) = 0 THEN
        RAISE EXCEPTION 'the body of % is not the known one', signature;
    END IF;
    EXECUTE replace(body, known, better);
END $$;

SELECT replace_in_body(p.oid, 'coalesce(NEW.received_at, transaction_timestamp())', 'transaction_timestamp()')
  FROM pg_proc AS p
 WHERE p.oid IN ('store_ingested_dose()'::regprocedure, 'store_ingested_event()'::regprocedure,
                 'store_ingested_level()'::regprocedure);

-- Reviews and PINs.
SELECT replace_in_body('enter_review(text, text, text, text, text, bigint, text, text)',
    $known$WHEN concat(person, account, remark) ~ '[\u0001-\u001f\u007f]' THEN 'A review holds no control characters.'$known$,
    $better$WHEN NOT public.is_harmless_text(concat(person, account, remark)) THEN 'A review holds no control characters.'
        WHEN char_length(remark) > 2000 THEN 'A comment has at most 2000 characters.'
        WHEN octet_length(account) > 512 THEN 'An account has at most 512 bytes.'$better$);
SELECT replace_in_body('change_pin(text, bytea, boolean)', $known$person ~ '[\u0001-\u001f\u007f]'$known$,
                       'NOT public.is_harmless_text(person)');
DROP FUNCTION replace_in_body(regprocedure, text, text);
