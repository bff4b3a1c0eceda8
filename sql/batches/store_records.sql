-- Stores the whole of each batch as it is now.
INSERT INTO batch_records (batch_key, record, judgement)
SELECT given.batch_key, given.record, given.judgement
  FROM unnest(%(batch_key)s::text[], %(record)s::text[], %(judgement)s::text[]) AS given (batch_key, record, judgement)
    ON CONFLICT (batch_key) DO UPDATE
   SET record = excluded.record, judgement = excluded.judgement
