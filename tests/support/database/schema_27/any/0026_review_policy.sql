-- What the plant wants of every review, whichever program enters it; the newest entry counts. Entered by whoever owns
-- the schema: those who review may not loosen it.
CREATE TABLE review_policy (
    audit_seq     bigint  PRIMARY KEY REFERENCES audit_trail (seq),
    pin           boolean NOT NULL,
    second_person boolean NOT NULL,
    reason        text    NOT NULL,
    CONSTRAINT policy_reason_is_said CHECK (reason <> '')
);
CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON review_policy
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();
SELECT grant_as_for_doses('public.review_policy', VARIADIC '{}');

CREATE FUNCTION check_review_policy() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    IF (SELECT p.pin FROM review_policy AS p ORDER BY p.audit_seq DESC LIMIT 1)
       AND (NEW.signature <> 'signed with a PIN'
            OR NOT EXISTS (SELECT FROM reviewer_pins AS k WHERE k.who = NEW.who)) THEN
        RAISE EXCEPTION 'the review policy of this plant wants the PIN of % with every review', NEW.who;
    END IF;
    RETURN NEW;
END $$;
CREATE TRIGGER check_review_policy BEFORE INSERT ON batch_reviews
    FOR EACH ROW EXECUTE FUNCTION check_review_policy();
