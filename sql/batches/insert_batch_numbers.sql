-- Assign the next numbers of their station's day to batches without one.
INSERT INTO batch_numbers (batch_key, device_id, day, number)
SELECT given.batch_key, given.device_id, given.day,
       coalesce((SELECT max(number) FROM batch_numbers AS had
                  WHERE had.device_id = given.device_id AND had.day = given.day), 0)
       + row_number() OVER (PARTITION BY given.device_id, given.day ORDER BY given.position)
  FROM unnest(%(batch_key)s::text[], %(device_id)s::text[], %(day)s::date[])
       WITH ORDINALITY AS given (batch_key, device_id, day, position)
 WHERE NOT EXISTS (SELECT FROM batch_numbers AS had WHERE had.batch_key = given.batch_key)
