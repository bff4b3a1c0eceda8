-- Keeps records that cannot be used, each once, with the sentence that says why.
INSERT INTO rejected_messages (received_at, topic, record, reason)
SELECT given.received_at, given.topic, given.record, given.reason
  FROM unnest(%(received_at)s::timestamptz[], %(topic)s::text[], %(record)s::bytea[], %(reason)s::text[])
       AS given (received_at, topic, record, reason)
    ON CONFLICT DO NOTHING
