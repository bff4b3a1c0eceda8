-- Store the lots of batches, in place of those that are stored.
WITH given AS (
SELECT each ->> 0 AS batch_key, each ->> 1 AS chemical, each ->> 2 AS lot_number, (each ->> 3)::float8 AS share,
       (each ->> 4)::float8 AS mass_g
  FROM jsonb_array_elements(%(lots)s::jsonb) AS each
), removed AS (
DELETE FROM batch_lots AS b
 WHERE b.batch_key = ANY (%(batch_key)s::text[])
   AND NOT EXISTS (SELECT FROM given AS g
                    WHERE (g.batch_key, g.chemical, g.lot_number) = (b.batch_key, b.chemical, b.lot_number))
)
INSERT INTO batch_lots (batch_key, chemical, lot_number, share, mass_g)
SELECT batch_key, chemical, lot_number, share, mass_g FROM given
    ON CONFLICT (batch_key, chemical, lot_number) DO UPDATE
   SET share = excluded.share, mass_g = excluded.mass_g
