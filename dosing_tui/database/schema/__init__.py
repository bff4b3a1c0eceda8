"""Schema: migrations, their history, background maintenance, limits that SQL reads."""
