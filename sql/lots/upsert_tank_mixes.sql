-- Store the content of tanks after entries.
INSERT INTO tank_mixes (entry_id, book_g, lots)
SELECT (given ->> 0)::bigint, (given ->> 1)::float8, given -> 2
  FROM jsonb_array_elements(%(mixes)s::jsonb) AS given
    ON CONFLICT (entry_id) DO UPDATE
   SET book_g = excluded.book_g, lots = excluded.lots
