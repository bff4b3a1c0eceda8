-- What people say about batches and recipes: added, never changed, every entry chained to the one before by SHA-256.
-- hash is of all the rest of the entry, what comes before it included; a second entry after the same one is refused.
CREATE TABLE audit_trail (
    seq      bigint      PRIMARY KEY,
    at       timestamptz NOT NULL,
    action   text        NOT NULL,
    subject  text        NOT NULL,
    who      text        NOT NULL,
    content  text        NOT NULL,
    previous text        NOT NULL UNIQUE,
    hash     text        NOT NULL
);

-- A review, with the batch as it was seen: readings and record may be gone or have changed since.
CREATE TABLE batch_reviews (
    review_id      bigint      PRIMARY KEY REFERENCES audit_trail (seq),
    batch_key      text        NOT NULL,
    batch_id       text        NOT NULL,
    at             timestamptz NOT NULL,
    who            text        NOT NULL,
    os_user        text        NOT NULL,
    db_role        text        NOT NULL,
    meaning        text        NOT NULL,
    comment        text        NOT NULL,
    signature      text        NOT NULL,
    record_hash    text        NOT NULL,
    judgement_hash text        NOT NULL,
    record         text        NOT NULL,
    judgement      text        NOT NULL,
    CONSTRAINT review_meaning_known CHECK (meaning IN ('approved', 'approved with deviation', 'rejected',
        'needs information', 'confirmed', 'comment', 'withdrawn')),
    CONSTRAINT review_who_is_said CHECK (char_length(who) BETWEEN 1 AND 60),
    CONSTRAINT review_reason_is_said CHECK (comment <> '' OR meaning IN ('approved', 'confirmed'))
);
CREATE INDEX batch_reviews_batch ON batch_reviews (batch_key, review_id);

-- The recipe master, optional: each version holds for what begins from valid_from on. Canonical JSON.
CREATE TABLE recipe_masters (
    recipe     text        NOT NULL,
    mode       text        NOT NULL,  -- '' is any
    version    integer     NOT NULL,
    valid_from timestamptz NOT NULL,
    definition text        NOT NULL,
    audit_seq  bigint      NOT NULL REFERENCES audit_trail (seq),
    PRIMARY KEY (recipe, mode, version)
);

-- PINs of those who sign, as argon2id; the newest of each counts.
CREATE TABLE reviewer_pins (
    who       text   NOT NULL,
    pin_hash  text   NOT NULL,
    audit_seq bigint PRIMARY KEY REFERENCES audit_trail (seq)
);
CREATE INDEX reviewer_pins_who ON reviewer_pins (who, audit_seq DESC);

-- The time and the role of a review are the server's own words, or nearly so.
CREATE FUNCTION check_review() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    IF NEW.db_role <> session_user OR abs(extract(epoch FROM NEW.at - clock_timestamp())) > 60 THEN
        RAISE EXCEPTION 'a review is entered by % at %, not by % at %', session_user, clock_timestamp(), NEW.db_role, NEW.at;
    END IF;
    RETURN NEW;
END $$;

CREATE FUNCTION show_review() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE batches
       SET last_review = NEW.review_id,
           disposition = CASE NEW.meaning WHEN 'comment' THEN disposition WHEN 'withdrawn' THEN '' ELSE NEW.meaning END,
           disposed_by = CASE NEW.meaning WHEN 'comment' THEN disposed_by WHEN 'withdrawn' THEN '' ELSE NEW.who END,
           disposed_at = CASE NEW.meaning WHEN 'comment' THEN disposed_at WHEN 'withdrawn' THEN NULL ELSE NEW.at END,
           reviewed_hash = CASE NEW.meaning WHEN 'comment' THEN reviewed_hash WHEN 'withdrawn' THEN NULL ELSE NEW.record_hash END
     WHERE batch_key = NEW.batch_key;
    RETURN NULL;
END $$;

CREATE TRIGGER check_review BEFORE INSERT ON batch_reviews FOR EACH ROW EXECUTE FUNCTION check_review();
CREATE TRIGGER show_review AFTER INSERT ON batch_reviews FOR EACH ROW EXECUTE FUNCTION show_review();

DO $$
DECLARE
    kept regclass;
    g record;
BEGIN
    FOREACH kept IN ARRAY ARRAY['audit_trail', 'batch_reviews', 'recipe_masters', 'reviewer_pins', 'batch_numbers']::regclass[] LOOP
        EXECUTE format('CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON %s'
            ' FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()', kept);
    END LOOP;
    -- who may read doses may read what was said; who may store doses may say something
    FOR g IN
        SELECT DISTINCT x.privilege_type, coalesce(quote_ident(r.rolname), 'PUBLIC') AS grantee
          FROM pg_class AS c
          CROSS JOIN LATERAL aclexplode(c.relacl) AS x
          LEFT JOIN pg_roles AS r ON r.oid = x.grantee
         WHERE c.oid = 'public.dosing_consumption'::regclass AND x.privilege_type IN ('SELECT', 'INSERT')
           AND x.grantee <> c.relowner AND (r.rolname IS NOT NULL OR x.grantee = 0)
    LOOP
        EXECUTE format('GRANT SELECT ON public.audit_trail, public.batch_reviews, public.recipe_masters TO %s', g.grantee);
        IF g.privilege_type = 'INSERT' THEN
            EXECUTE format('GRANT INSERT ON public.audit_trail, public.batch_reviews, public.recipe_masters,'
                ' public.reviewer_pins TO %s', g.grantee);
            EXECUTE format('GRANT SELECT ON public.reviewer_pins TO %s', g.grantee);
        END IF;
    END LOOP;
END $$;
