-- Store rejected records, each once, with the reason.
INSERT INTO rejected_messages (received_at, topic, record, reason)
SELECT given.received_at, given.topic, given.record, given.reason
  FROM unnest(%(received_at)s::timestamptz[], %(topic)s::text[], %(record)s::bytea[], %(reason)s::text[])
       AS given (received_at, topic, record, reason)
    ON CONFLICT DO NOTHING
