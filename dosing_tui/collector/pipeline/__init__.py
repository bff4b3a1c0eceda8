"""Ingest pipeline: broker, receive buffer, database; batch rebuild and maintenance."""
