-- Store the record of each batch. One JSON document: in an array every quote would need an escape.
INSERT INTO batch_records (batch_key, record, judgement)
SELECT given ->> 0, given ->> 1, given ->> 2
  FROM json_array_elements(%(texts)s::json) AS given
    ON CONFLICT (batch_key) DO UPDATE
   SET record = excluded.record, judgement = excluded.judgement
