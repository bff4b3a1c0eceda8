-- A review holds for what was thought of the batch, too, not for its record alone. A withdrawal takes back one entry,
-- the newest that stands, and a confirmation leaves the approval that it confirms in sight.

-- Which entry it takes back; 0 in what is no withdrawal, and in withdrawals from before, which took back all there was.
ALTER TABLE batch_reviews ADD COLUMN withdraws bigint NOT NULL DEFAULT 0;

-- What has been decided and not been taken back.
CREATE VIEW standing_reviews AS
SELECT r.review_id, r.batch_key, r.at, r.who, r.meaning, r.record_hash, r.judgement_hash
  FROM batch_reviews AS r
 WHERE r.meaning NOT IN ('comment', 'withdrawn')
   AND NOT EXISTS (SELECT FROM batch_reviews AS w
                    WHERE w.batch_key = r.batch_key AND w.review_id > r.review_id AND w.meaning = 'withdrawn'
                      AND w.withdraws IN (0, r.review_id));

-- How each batch stands by its reviews: the last decision, and who has confirmed it ('' if nobody has).
CREATE VIEW batch_standings AS
SELECT newest.batch_key, newest.review_id AS last_word, d.review_id AS decision, d.meaning AS disposition,
       d.who AS disposed_by, d.at AS disposed_at, d.record_hash AS reviewed_hash,
       d.judgement_hash AS reviewed_judgement,
       CASE newest.meaning WHEN 'confirmed' THEN newest.who ELSE '' END AS confirmed_by,
       CASE newest.meaning WHEN 'confirmed' THEN newest.at END AS confirmed_at
  FROM (SELECT DISTINCT ON (batch_key) batch_key, review_id, meaning, who, at
          FROM standing_reviews
         ORDER BY batch_key, review_id DESC) AS newest
 CROSS JOIN LATERAL (SELECT s.review_id, s.meaning, s.who, s.at, s.record_hash, s.judgement_hash
                       FROM standing_reviews AS s
                      WHERE s.batch_key = newest.batch_key AND s.review_id <= newest.review_id
                        AND s.meaning <> 'confirmed'
                      ORDER BY s.review_id DESC
                      LIMIT 1) AS d;

DROP INDEX batches_unreviewed;
ALTER TABLE batches
    DROP COLUMN review_state,
    ADD COLUMN reviewed_judgement text,
    ADD COLUMN confirmed_by       text NOT NULL DEFAULT '',
    ADD COLUMN confirmed_at       timestamptz;
UPDATE batches AS b
   SET disposition = s.disposition, disposed_by = s.disposed_by, disposed_at = s.disposed_at,
       reviewed_hash = s.reviewed_hash, reviewed_judgement = s.reviewed_judgement,
       confirmed_by = s.confirmed_by, confirmed_at = s.confirmed_at
  FROM batch_standings AS s
 WHERE s.batch_key = b.batch_key;
ALTER TABLE batches
    ADD COLUMN review_state text NOT NULL GENERATED ALWAYS AS (
        CASE WHEN disposition = '' THEN 'unreviewed'
             WHEN gone OR reviewed_hash <> record_hash OR reviewed_judgement <> judgement_hash THEN 'outdated'
             WHEN confirmed_by = '' THEN disposition
             WHEN disposition = 'approved with deviation' THEN 'confirmed with deviation'
             ELSE 'confirmed'
         END) STORED;
CREATE INDEX batches_unreviewed ON batches (begins_at DESC, batch_key DESC)
    WHERE review_state IN ('unreviewed', 'outdated', 'needs information');

-- The time and the role of a review are the server's own words, or nearly so; it takes back, or confirms, what stands.
CREATE OR REPLACE FUNCTION check_review() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    stands record;
BEGIN
    IF NEW.db_role <> session_user OR abs(extract(epoch FROM NEW.at - clock_timestamp())) > 60 THEN
        RAISE EXCEPTION 'a review is entered by % at %, not by % at %', session_user, clock_timestamp(), NEW.db_role, NEW.at;
    END IF;
    SELECT s.* INTO stands FROM batch_standings AS s WHERE s.batch_key = NEW.batch_key;
    IF NEW.withdraws <> (CASE NEW.meaning WHEN 'withdrawn' THEN coalesce(stands.last_word, -1) ELSE 0 END) THEN
        RAISE EXCEPTION 'only the newest decision that stands can be withdrawn, not entry %', NEW.withdraws;
    END IF;
    IF NEW.meaning = 'confirmed' AND (stands.disposition IS NULL OR stands.confirmed_by <> ''
       OR stands.disposition NOT IN ('approved', 'approved with deviation')
       OR lower(stands.disposed_by) = lower(NEW.who)) THEN
        RAISE EXCEPTION 'only an approval by another person, not confirmed yet, can be confirmed by %', NEW.who;
    END IF;
    RETURN NEW;
END $$;

CREATE OR REPLACE FUNCTION show_review() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    UPDATE batches AS b
       SET last_review = NEW.review_id,
           disposition = coalesce(s.disposition, ''), disposed_by = coalesce(s.disposed_by, ''),
           disposed_at = s.disposed_at, reviewed_hash = s.reviewed_hash, reviewed_judgement = s.reviewed_judgement,
           confirmed_by = coalesce(s.confirmed_by, ''), confirmed_at = s.confirmed_at
      FROM (SELECT NEW.batch_key) AS said
      LEFT JOIN batch_standings AS s USING (batch_key)
     WHERE b.batch_key = NEW.batch_key;
    RETURN NULL;
END $$;

SELECT grant_as_for_doses('public.standing_reviews, public.batch_standings', VARIADIC '{}');
