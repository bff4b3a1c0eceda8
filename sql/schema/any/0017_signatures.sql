-- Reviews, recipes, PINs and the review policy are entered by functions of the database: it checks the PIN, gives
-- the time, the role and the label of the signature, and appends to the chain. No client writes to these tables.

-- Tries to enter a PIN are counted for each role and person by a sequence, whose value no ROLLBACK takes back. Its
-- value is 16 * second of the last try + number of tries. A counter counts once the transaction that made it has
-- committed: else a ROLLBACK would take the counter itself.
CREATE TABLE pin_counters (
    counter integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    db_role text    NOT NULL,
    who     text    NOT NULL,
    made_in xid8    NOT NULL DEFAULT pg_current_xact_id(),
    UNIQUE (db_role, who)
);

-- What was found of a PIN, for the function that the same transaction calls next. refusal is '' for a right PIN.
CREATE UNLOGGED TABLE pin_checks (
    made_in   xid8        NOT NULL DEFAULT pg_current_xact_id(),
    at        timestamptz NOT NULL DEFAULT transaction_timestamp(),
    who       text        NOT NULL,
    is_change boolean     NOT NULL,
    refusal   text        NOT NULL
);

-- A PIN is entered with COPY pin_entry FROM STDIN (FORMAT BINARY): the data of a COPY reach no log, no statistics and
-- no error message, unlike the parameters of a statement. No PIN is stored. new_pin sets one.
CREATE VIEW pin_entry AS SELECT NULL::text AS who, NULL::bytea AS pin, NULL::bytea AS new_pin WHERE false;

-- What audit verify compares of the PINs. The hashes themselves are nobody's to read.
CREATE VIEW audited_pins AS
SELECT audit_seq, who, encode(sha256(convert_to(pin_hash, 'UTF8')), 'hex') AS pin_digest FROM reviewer_pins;

CREATE FUNCTION lock_audit_trail() RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM process_locks WHERE name = 'audit_trail' FOR UPDATE;
END $$;

-- Canonical JSON of a flat object: keys in the order of their code points, no spaces.
CREATE FUNCTION format_canonical_json(content jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT '{' || string_agg(to_json(key)::text || ':' || value::text, ',' ORDER BY key COLLATE "C") || '}'
      FROM jsonb_each(content)
$$;

CREATE FUNCTION format_instant(moment timestamptz) RETURNS text LANGUAGE sql AS $$
    SELECT to_char(moment AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"+00:00"')
$$;

-- Adds an entry to the chain; the caller holds the lock. Returns its number.
CREATE FUNCTION append_audit_entry(moment timestamptz, action text, subject text, person text, content jsonb)
RETURNS bigint LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    number bigint;
    before text;
    body text;
BEGIN
    SELECT t.seq, t.hash INTO number, before FROM audit_trail AS t ORDER BY t.seq DESC LIMIT 1;
    number := coalesce(number, 0) + 1;
    before := coalesce(before, repeat('0', 64));
    body := format_canonical_json(content || jsonb_build_object('seq', number));
    INSERT INTO audit_trail (seq, at, action, subject, who, content, previous, hash)
    SELECT number, moment, action, subject, person, body, before, encode(sha256(convert_to('[' || string_agg(
               to_json(part)::text, ',' ORDER BY place) || ']', 'UTF8')), 'hex')
      FROM unnest(ARRAY[before, format_instant(moment), action, subject, person, body])
           WITH ORDINALITY AS parts (part, place);
    RETURN number;
END $$;

-- PBKDF1 (RFC 8018) with SHA-256: in every PostgreSQL, without an extension.
CREATE FUNCTION hash_pin(pin bytea, salt bytea, rounds integer) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    digest bytea := sha256(pin || salt);
BEGIN
    FOR i IN 2..rounds LOOP
        digest := sha256(digest);
    END LOOP;
    RETURN '$pbkdf1-sha256$' || rounds || '$' || encode(salt, 'hex') || '$' || encode(digest, 'hex');
END $$;

-- The owner of the schema, and members of dosing_reviewer_admin, if there is such a role.
CREATE FUNCTION may_set_first_pin() RETURNS boolean
LANGUAGE sql SET search_path = pg_catalog, pg_temp AS $$
    SELECT bool_or(pg_has_role(session_user, r.oid, 'MEMBER'))
      FROM pg_roles AS r
     WHERE r.oid = (SELECT relowner FROM pg_class WHERE oid = 'public.audit_trail'::regclass)
        OR r.rolname = 'dosing_reviewer_admin'
$$;

-- Makes the counter of this role's tries for a person. To be committed before a PIN is entered.
CREATE FUNCTION prepare_pin_entry(person text) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    number integer;
BEGIN
    INSERT INTO pin_counters (db_role, who)
    SELECT session_user, person
     WHERE EXISTS (SELECT FROM reviewer_pins AS k WHERE k.who = person)
       AND NOT EXISTS (SELECT FROM pin_counters AS c WHERE c.db_role = session_user AND c.who = person)
        ON CONFLICT DO NOTHING
    RETURNING counter INTO number;
    IF number IS NOT NULL THEN
        EXECUTE format('CREATE SEQUENCE public.pin_tries_%s CACHE 1', number);
    END IF;
END $$;

-- Counts a try before the PIN is compared, and compares it. Five tries in 15 minutes. Returns the refusal, '' if the
-- PIN is right. The PIN is in no statement, only in expressions: no log of statements can hold it.
CREATE FUNCTION check_pin(person text, pin bytea) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    most CONSTANT integer := 5;
    pause CONSTANT integer := 900;
    moment CONSTANT bigint := extract(epoch FROM clock_timestamp());
    number integer;
    tries bigint;
    stored text;
    parts text[];
BEGIN
    SELECT k.pin_hash INTO stored FROM reviewer_pins AS k WHERE k.who = person ORDER BY k.audit_seq DESC LIMIT 1;
    IF stored IS NULL THEN
        RETURN person || ' has no PIN yet: the schema''s owner or a reviewer admin sets the first one'
            || ' (''dosing-tui batches pin'').';
    END IF;
    parts := string_to_array(stored, '$');
    IF parts[2] <> 'pbkdf1-sha256' THEN
        RETURN 'The PIN of ' || person || ' was set with an earlier version and signs nothing any more: the schema''s'
            || ' owner or a reviewer admin sets a new one (''dosing-tui batches pin'').';
    END IF;
    SELECT c.counter INTO number FROM pin_counters AS c
     WHERE c.db_role = session_user AND c.who = person AND c.made_in <> pg_current_xact_id() FOR UPDATE;
    IF number IS NULL THEN
        RETURN 'There is no counter for tries of ' || session_user || ' with the PIN of ' || person
            || ': commit SELECT prepare_pin_entry(…) first.';
    END IF;
    EXECUTE format('SELECT last_value FROM public.pin_tries_%s', number) INTO tries;
    IF tries / 16 + pause <= moment THEN
        tries := 0;
    ELSIF tries % 16 >= most THEN
        RETURN 'Too many wrong PINs of ' || person || ': the next try is possible at '
            || to_char(to_timestamp(tries / 16 + pause), 'HH24:MI:SS') || '.';
    END IF;
    tries := tries % 16 + 1;
    PERFORM setval(format('public.pin_tries_%s', number)::regclass, moment * 16 + tries);
    IF hash_pin(pin, decode(parts[4], 'hex'), parts[3]::integer) IS DISTINCT FROM stored THEN
        RETURN 'This is not the PIN of ' || person || '; tries left: ' || most - tries || '.';
    END IF;
    PERFORM setval(format('public.pin_tries_%s', number)::regclass, 1);
    RETURN '';
END $$;

-- Stores a new PIN's hash. Returns the refusal, '' if it is stored.
CREATE FUNCTION change_pin(person text, pin bytea, knows_old boolean) RETURNS text
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    hash text;
BEGIN
    IF char_length(coalesce(person, '')) NOT BETWEEN 1 AND 200 OR person ~ '[\u0001-\u001f\u007f]' THEN
        RETURN 'A PIN belongs to a name.';
    ELSIF octet_length(pin) NOT BETWEEN 4 AND 72 THEN
        RETURN 'A PIN needs at least 4 and at most 72 printable characters.';
    ELSIF NOT knows_old AND NOT may_set_first_pin() THEN
        RETURN 'The first PIN of ' || person || ' is set by the schema''s owner or a reviewer admin; a change needs'
            || ' the old PIN.';
    END IF;
    hash := hash_pin(pin, uuid_send(gen_random_uuid()), 100000);
    PERFORM lock_audit_trail();
    INSERT INTO reviewer_pins (who, pin_hash, audit_seq)
    SELECT person, hash, append_audit_entry(clock_timestamp(), 'pin', person,
        CASE WHEN knows_old THEN person ELSE session_user::text END,
        jsonb_build_object('who', person, 'pin_hash', encode(sha256(convert_to(hash, 'UTF8')), 'hex')));
    RETURN '';
END $$;

CREATE FUNCTION receive_pin() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    knows_old CONSTANT boolean := octet_length(coalesce(NEW.pin, '')) > 0;
    is_change CONSTANT boolean := NEW.new_pin IS NOT NULL;
    refusal text := '';
BEGIN
    IF knows_old OR NOT is_change THEN
        refusal := check_pin(NEW.who, NEW.pin);
    END IF;
    IF is_change AND refusal = '' THEN
        refusal := change_pin(NEW.who, NEW.new_pin, knows_old);
    END IF;
    DELETE FROM pin_checks AS c WHERE c.at < transaction_timestamp() - INTERVAL '1 hour';
    INSERT INTO pin_checks (who, is_change, refusal) VALUES (coalesce(NEW.who, ''), is_change, refusal);
    RETURN NULL;
END $$;
CREATE TRIGGER receive_pin INSTEAD OF INSERT ON pin_entry FOR EACH ROW EXECUTE FUNCTION receive_pin();

-- The refusal of a PIN that this transaction has entered; '' if it was right, NULL if none was entered. Counts once.
CREATE FUNCTION take_pin_check(person text, for_change boolean) RETURNS text
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    found text;
BEGIN
    WITH gone AS (
        DELETE FROM pin_checks AS c
         WHERE c.made_in = pg_current_xact_id() AND c.at = transaction_timestamp() AND c.who = person
           AND c.is_change = for_change
        RETURNING c.refusal)
    SELECT min(gone.refusal COLLATE "C") INTO found FROM gone;
    RETURN found;
END $$;

-- Enters a review of a batch as it was displayed. The server gives time, role, signature and what is withdrawn.
-- SQLSTATE DT001: refused, with a sentence for the reviewer.
CREATE FUNCTION enter_review(
    key text, verdict text, person text, account text, remark text,
    seen_review bigint, seen_record text, seen_judgement text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    gone CONSTANT text := 'This batch no longer exists: its messages belong to another batch.';
    moment timestamptz;
    batch record;
    pin_refusal text;
    refusal text;
    label text;
    body jsonb;
    number bigint;
BEGIN
    PERFORM lock_audit_trail();
    SELECT b.batch_id, b.status, b.findings, b.last_review, b.record_hash, b.judgement_hash, b.gone, r.record,
           r.judgement, CASE verdict WHEN 'withdrawn' THEN coalesce(s.last_word, 0) ELSE 0 END AS withdraws
      INTO batch
      FROM batches AS b
      JOIN batch_records AS r USING (batch_key)
      LEFT JOIN batch_review_status AS s USING (batch_key)
     WHERE b.batch_key = key;
    pin_refusal := take_pin_check(person, false);
    refusal := CASE
        WHEN batch.batch_id IS NULL OR batch.gone THEN gone
        WHEN batch.last_review IS DISTINCT FROM seen_review OR batch.record_hash IS DISTINCT FROM seen_record
             OR batch.judgement_hash IS DISTINCT FROM seen_judgement
        THEN batch.batch_id || ' not saved: the batch has changed since it was displayed. Reload and try again.'
        WHEN encode(sha256(convert_to(batch.record, 'UTF8')), 'hex') <> batch.record_hash
             OR encode(sha256(convert_to(batch.judgement, 'UTF8')), 'hex') <> batch.judgement_hash
        THEN batch.batch_id || ' not saved: its stored record is not the one of its hash. Run dosing-tui audit verify.'
        WHEN concat(person, account, remark) ~ '[\u0001-\u001f\u007f]' THEN 'A review holds no control characters.'
        WHEN char_length(coalesce(person, '')) NOT BETWEEN 1 AND 60 THEN 'Enter your name, in at most 60 characters.'
        WHEN verdict NOT IN ('comment', 'withdrawn') AND batch.status = 'open' THEN 'The batch is still under way.'
        WHEN verdict = 'approved' AND batch.findings > 0
        THEN 'The batch has exceptions: approve it with deviation and say why, or reject it.'
        WHEN pin_refusal <> '' THEN pin_refusal
        WHEN pin_refusal IS NULL AND (SELECT p.pin FROM review_policy AS p ORDER BY p.audit_seq DESC LIMIT 1)
        THEN 'Not saved: this plant requires a PIN with every review.'
    END;
    IF refusal IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'DT001', MESSAGE = refusal;
    END IF;
    moment := clock_timestamp();
    label := CASE WHEN pin_refusal = '' THEN 'signed with a PIN' ELSE 'not an e-signature' END;
    body := jsonb_build_object(
        'batch_key', key, 'batch_id', batch.batch_id, 'at', format_instant(moment), 'who', person, 'os_user', account,
        'db_role', session_user::text, 'meaning', verdict, 'comment', remark, 'signature', label,
        'record_hash', batch.record_hash, 'judgement_hash', batch.judgement_hash);
    IF batch.withdraws <> 0 THEN
        body := body || jsonb_build_object('withdraws', batch.withdraws);
    END IF;
    number := append_audit_entry(moment, 'review', batch.batch_id, person, body);
    INSERT INTO batch_reviews (review_id, batch_key, batch_id, at, who, os_user, db_role, meaning, comment, signature,
                               record_hash, judgement_hash, record, judgement, withdraws)
    VALUES (number, key, batch.batch_id, moment, person, account, session_user, verdict, remark, label,
            batch.record_hash, batch.judgement_hash, batch.record, batch.judgement, batch.withdraws);
    -- the review has locked the row, perhaps after a wait for the transaction that removed it
    IF NOT EXISTS (SELECT FROM batches AS b WHERE b.batch_key = key) THEN
        RAISE EXCEPTION USING ERRCODE = 'DT001', MESSAGE = gone;
    END IF;
    RETURN number;
END $$;

-- Sets the policy for reviews; false if it is in force already. The schema's owner only.
CREATE FUNCTION set_review_policy(wants_pin boolean, wants_second_person boolean, person text, why text)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    newest record;
BEGIN
    PERFORM lock_audit_trail();
    SELECT p.pin, p.second_person INTO newest FROM review_policy AS p ORDER BY p.audit_seq DESC LIMIT 1;
    IF (coalesce(newest.pin, false), coalesce(newest.second_person, false)) = (wants_pin, wants_second_person) THEN
        RETURN false;
    END IF;
    INSERT INTO review_policy (pin, second_person, reason, audit_seq)
    SELECT wants_pin, wants_second_person, why, append_audit_entry(clock_timestamp(), 'policy', 'reviews', person,
        jsonb_build_object('pin', wants_pin, 'second_person', wants_second_person, 'reason', why));
    RETURN true;
END $$;

-- Adds a version of a recipe, valid from a time or, without one, from now on. Returns its number.
CREATE FUNCTION add_recipe_version(name text, of_mode text, since timestamptz, text_json text, person text)
RETURNS integer LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    moment timestamptz;
    number integer;
BEGIN
    PERFORM lock_audit_trail();
    moment := clock_timestamp();
    SELECT coalesce(max(r.version), 0) + 1 INTO number
      FROM recipe_masters AS r WHERE r.recipe = name AND r.mode = of_mode;
    INSERT INTO recipe_masters (recipe, mode, version, valid_from, definition, audit_seq)
    SELECT name, of_mode, number, coalesce(since, moment), text_json, append_audit_entry(moment, 'recipe', name, person,
        jsonb_build_object('recipe', name, 'mode', of_mode, 'version', number,
                           'valid_from', format_instant(coalesce(since, moment)),
                           'definition', encode(sha256(convert_to(text_json, 'UTF8')), 'hex')));
    RETURN number;
END $$;

-- Makes dosing_auditor, as which nobody logs in, the owner of these functions: they have its few rights, not those
-- of the schema's owner. False where there is no such role, or it is not the caller's to give.
CREATE FUNCTION assign_signature_owner() RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    part record;
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles AS r
                    WHERE r.rolname = 'dosing_auditor' AND NOT r.rolcanlogin AND NOT r.rolsuper
                      AND pg_has_role(current_user, r.oid, 'MEMBER')) THEN
        RETURN false;
    END IF;
    GRANT USAGE, CREATE ON SCHEMA public TO dosing_auditor;
    IF NOT has_schema_privilege('dosing_auditor', 'public', 'CREATE') THEN
        RETURN false;
    END IF;
    GRANT SELECT ON batches, batch_records, batch_review_status, process_locks TO dosing_auditor;
    GRANT UPDATE (taken_at) ON process_locks TO dosing_auditor;
    GRANT SELECT, INSERT ON audit_trail, batch_reviews, recipe_masters, reviewer_pins, review_policy TO dosing_auditor;
    GRANT SELECT, INSERT, UPDATE ON pin_counters TO dosing_auditor;
    GRANT SELECT, INSERT, DELETE ON pin_checks TO dosing_auditor;
    FOR part IN
        SELECT p.oid::regprocedure AS signature
          FROM pg_proc AS p
         WHERE p.pronamespace = 'public'::regnamespace AND p.proname IN (
            'lock_audit_trail', 'format_canonical_json', 'format_instant', 'append_audit_entry', 'hash_pin',
            'may_set_first_pin', 'prepare_pin_entry', 'check_pin', 'change_pin', 'receive_pin', 'take_pin_check',
            'enter_review', 'set_review_policy', 'add_recipe_version')
    LOOP
        EXECUTE format('ALTER FUNCTION %s OWNER TO dosing_auditor', part.signature);
    END LOOP;
    RETURN true;
END $$;

REVOKE ALL ON FUNCTION lock_audit_trail(), format_canonical_json(jsonb), format_instant(timestamptz),
    append_audit_entry(timestamptz, text, text, text, jsonb), hash_pin(bytea, bytea, integer), may_set_first_pin(),
    prepare_pin_entry(text), check_pin(text, bytea), change_pin(text, bytea, boolean), receive_pin(),
    take_pin_check(text, boolean), enter_review(text, text, text, text, text, bigint, text, text),
    set_review_policy(boolean, boolean, text, text), add_recipe_version(text, text, timestamptz, text, text),
    assign_signature_owner() FROM PUBLIC;

-- Who wrote reviews or recipes may call the functions now, and writes no row; nobody reads hashes of PINs.
DO $$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT DISTINCT c.relname, coalesce(quote_ident(r.rolname), 'PUBLIC') AS grantee
          FROM pg_class AS c
          CROSS JOIN LATERAL aclexplode(c.relacl) AS x
          LEFT JOIN pg_roles AS r ON r.oid = x.grantee
         WHERE c.relnamespace = 'public'::regnamespace AND x.grantee <> c.relowner
           AND c.relname IN ('audit_trail', 'batch_reviews', 'recipe_masters', 'reviewer_pins', 'review_policy',
                             'pin_counters', 'pin_checks')
           AND (x.privilege_type <> 'SELECT' OR c.relname IN ('reviewer_pins', 'pin_counters', 'pin_checks'))
           AND (r.rolname IS NOT NULL OR x.grantee = 0)
    LOOP
        IF part.relname = 'batch_reviews' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION lock_audit_trail(), prepare_pin_entry(text),'
                ' take_pin_check(text, boolean), enter_review(text, text, text, text, text, bigint, text, text)'
                ' TO %s', part.grantee);
            EXECUTE format('GRANT INSERT ON pin_entry TO %s', part.grantee);
        ELSIF part.relname = 'recipe_masters' THEN
            EXECUTE format('GRANT EXECUTE ON FUNCTION lock_audit_trail(),'
                ' add_recipe_version(text, text, timestamptz, text, text) TO %s', part.grantee);
        END IF;
        EXECUTE format('REVOKE INSERT, UPDATE, DELETE, TRUNCATE ON %I FROM %s', part.relname, part.grantee);
        IF part.relname IN ('reviewer_pins', 'pin_counters', 'pin_checks') THEN
            EXECUTE format('REVOKE SELECT ON %I FROM %s', part.relname, part.grantee);
        END IF;
    END LOOP;
END $$;
SELECT copy_dose_grants('public.audited_pins', VARIADIC '{}');

DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'dosing_auditor')
       AND (SELECT r.rolsuper OR r.rolcreaterole FROM pg_roles AS r WHERE r.rolname = current_user) THEN
        BEGIN
            CREATE ROLE dosing_auditor NOLOGIN;
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;  -- made meanwhile, for another database of this server
        END;
        IF NOT pg_has_role(current_user, 'dosing_auditor', 'MEMBER') THEN
            GRANT dosing_auditor TO CURRENT_USER;
        END IF;
    END IF;
END $$;
SELECT assign_signature_owner();
