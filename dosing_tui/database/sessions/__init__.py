"""Sessions beyond psycopg: deadlines of statements, cancellation, connection poolers."""
