-- Audit trail: what people enter about batches and recipes. Append-only; each entry holds the SHA-256 of the one before.
-- hash covers all other columns, previous included. A second entry after the same one is refused.
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

-- A review with the batch as it was displayed: its readings and record may be gone or changed since.
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
    -- the entry that a withdrawal takes back; 0 elsewhere, and in old withdrawals, which took back all of them
    withdraws      bigint      NOT NULL DEFAULT 0,
    CONSTRAINT review_meaning_known CHECK (meaning IN ('approved', 'approved with deviation', 'rejected',
        'needs information', 'confirmed', 'comment', 'withdrawn')),
    CONSTRAINT review_who_given CHECK (char_length(who) BETWEEN 1 AND 60),
    CONSTRAINT review_reason_given CHECK (comment <> '' OR meaning IN ('approved', 'confirmed'))
);
CREATE INDEX batch_reviews_batch ON batch_reviews (batch_key, review_id);

-- Recipe masters, optional: each version applies to batches that begin at or after valid_from. Canonical JSON.
CREATE TABLE recipe_masters (
    recipe     text        NOT NULL,
    mode       text        NOT NULL,  -- '' is any
    version    integer     NOT NULL,
    valid_from timestamptz NOT NULL,
    definition text        NOT NULL,
    audit_seq  bigint      NOT NULL REFERENCES audit_trail (seq),
    PRIMARY KEY (recipe, mode, version)
);

-- PINs of reviewers as argon2id hashes; the newest of each reviewer counts.
CREATE TABLE reviewer_pins (
    who       text   NOT NULL,
    pin_hash  text   NOT NULL,
    audit_seq bigint PRIMARY KEY REFERENCES audit_trail (seq)
);
CREATE INDEX reviewer_pins_who ON reviewer_pins (who, audit_seq DESC);

-- The plant's requirements for every review, in whichever program it is entered; the newest row counts. Only the
-- owner of the schema adds rows: reviewers cannot loosen them.
CREATE TABLE review_policy (
    audit_seq     bigint  PRIMARY KEY REFERENCES audit_trail (seq),
    pin           boolean NOT NULL,
    second_person boolean NOT NULL,
    reason        text    NOT NULL,
    CONSTRAINT policy_reason_given CHECK (reason <> '')
);

CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON audit_trail
    FOR EACH STATEMENT EXECUTE FUNCTION reject_update_or_delete();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON batch_reviews
    FOR EACH STATEMENT EXECUTE FUNCTION reject_update_or_delete();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON recipe_masters
    FOR EACH STATEMENT EXECUTE FUNCTION reject_update_or_delete();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON reviewer_pins
    FOR EACH STATEMENT EXECUTE FUNCTION reject_update_or_delete();
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON review_policy
    FOR EACH STATEMENT EXECUTE FUNCTION reject_update_or_delete();

-- Decisions and confirmations that have not been withdrawn.
CREATE VIEW effective_reviews AS
SELECT r.review_id, r.batch_key, r.at, r.who, r.meaning, r.record_hash, r.judgement_hash
  FROM batch_reviews AS r
 WHERE r.meaning NOT IN ('comment', 'withdrawn')
   AND NOT EXISTS (SELECT FROM batch_reviews AS w
                    WHERE w.batch_key = r.batch_key AND w.review_id > r.review_id AND w.meaning = 'withdrawn'
                      AND w.withdraws IN (0, r.review_id));

-- The review status of each batch: the last decision, and the person who confirmed it ('' if nobody has).
CREATE VIEW batch_review_status AS
SELECT newest.batch_key, newest.review_id AS last_word, d.review_id AS decision, d.meaning AS disposition,
       d.who AS disposed_by, d.at AS disposed_at, d.record_hash AS reviewed_hash,
       d.judgement_hash AS reviewed_judgement,
       CASE newest.meaning WHEN 'confirmed' THEN newest.who ELSE '' END AS confirmed_by,
       CASE newest.meaning WHEN 'confirmed' THEN newest.at END AS confirmed_at
  FROM (SELECT DISTINCT ON (batch_key) batch_key, review_id, meaning, who, at
          FROM effective_reviews
         ORDER BY batch_key, review_id DESC) AS newest
 CROSS JOIN LATERAL (SELECT s.review_id, s.meaning, s.who, s.at, s.record_hash, s.judgement_hash
                       FROM effective_reviews AS s
                      WHERE s.batch_key = newest.batch_key AND s.review_id <= newest.review_id
                        AND s.meaning <> 'confirmed'
                      ORDER BY s.review_id DESC
                      LIMIT 1) AS d;

-- Time and role of a review are the server's own (the time within a minute). A withdrawal takes back the newest
-- effective decision; a confirmation needs an approval by another person.
CREATE FUNCTION check_review() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    status record;
BEGIN
    IF NEW.db_role <> session_user OR abs(extract(epoch FROM NEW.at - clock_timestamp())) > 60 THEN
        RAISE EXCEPTION 'a review is entered by % at %, not by % at %', session_user, clock_timestamp(), NEW.db_role, NEW.at;
    END IF;
    SELECT s.* INTO status FROM batch_review_status AS s WHERE s.batch_key = NEW.batch_key;
    IF NEW.withdraws <> (CASE NEW.meaning WHEN 'withdrawn' THEN coalesce(status.last_word, -1) ELSE 0 END) THEN
        RAISE EXCEPTION 'only the newest effective decision can be withdrawn, not entry %', NEW.withdraws;
    END IF;
    IF NEW.meaning = 'confirmed' AND (status.disposition IS NULL OR status.confirmed_by <> ''
       OR status.disposition NOT IN ('approved', 'approved with deviation')
       OR lower(status.disposed_by) = lower(NEW.who)) THEN
        RAISE EXCEPTION 'only an approval by another person, not confirmed yet, can be confirmed by %', NEW.who;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_review BEFORE INSERT ON batch_reviews FOR EACH ROW EXECUTE FUNCTION check_review();

CREATE FUNCTION check_review_policy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (SELECT p.pin FROM review_policy AS p ORDER BY p.audit_seq DESC LIMIT 1)
       AND (NEW.signature <> 'signed with a PIN'
            OR NOT EXISTS (SELECT FROM reviewer_pins AS k WHERE k.who = NEW.who)) THEN
        RAISE EXCEPTION 'the review policy of this plant requires the PIN of % with every review', NEW.who;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_review_policy BEFORE INSERT ON batch_reviews
    FOR EACH ROW EXECUTE FUNCTION check_review_policy();

-- Brings the review columns of the batch up to date.
CREATE FUNCTION apply_review() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE batches AS b
       SET last_review = NEW.review_id,
           disposition = coalesce(s.disposition, ''), disposed_by = coalesce(s.disposed_by, ''),
           disposed_at = s.disposed_at, reviewed_hash = s.reviewed_hash, reviewed_judgement = s.reviewed_judgement,
           confirmed_by = coalesce(s.confirmed_by, ''), confirmed_at = s.confirmed_at
      FROM (SELECT NEW.batch_key) AS entry
      LEFT JOIN batch_review_status AS s USING (batch_key)
     WHERE b.batch_key = NEW.batch_key;
    RETURN NULL;
END $$;
CREATE TRIGGER apply_review AFTER INSERT ON batch_reviews FOR EACH ROW EXECUTE FUNCTION apply_review();

SELECT copy_dose_grants(
    'public.audit_trail, public.batch_reviews, public.recipe_masters, public.effective_reviews,'
    ' public.batch_review_status, public.review_policy',
    'INSERT ON public.audit_trail, public.batch_reviews, public.recipe_masters, public.reviewer_pins',
    'SELECT ON public.reviewer_pins'
);
