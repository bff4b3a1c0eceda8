-- The plant's rules; low stock is NULL where the schema does not know it yet.
SELECT r.tolerance_g, (to_jsonb(r) ->> 'stock_low_percent')::float8 AS stock_low_percent
  FROM plant_limits AS r
