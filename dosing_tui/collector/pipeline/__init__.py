"""Ingest pipeline: broker, receive buffer, spool, database; batch rebuild and maintenance."""
