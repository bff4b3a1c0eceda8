"""The only owner of psycopg: connections, schema, writes, reads and who collects."""
