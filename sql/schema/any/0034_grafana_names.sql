-- The names selected in a Grafana dashboard; NULL for none. Its format sqlstring, which keeps a name out of the SQL, also
-- writes a backslash before each double quote, which is none in PostgreSQL: a name with one found nothing.
CREATE FUNCTION unescape_grafana_names(names text[]) RETURNS text[]
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT array_agg(replace(name, '\"', '"')) FROM unnest(names) AS selected (name) WHERE name IS NOT NULL
$$;
