"""All access to PostgreSQL: connections, schema, writes, reads and leader election."""
