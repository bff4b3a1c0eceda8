-- The chunks of a table of readings, by name: no other chunk gets the same one.
CREATE FUNCTION list_reading_parts(of_table text) RETURNS TABLE (part text, span tstzrange)
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
SELECT c.chunk_schema || '.' || c.chunk_name, tstzrange(c.range_start, c.range_end)
  FROM timescaledb_information.chunks AS c
 WHERE c.hypertable_schema = 'public' AND c.hypertable_name = of_table
$$;
