"""Embedded PostgreSQL and MQTT broker, for the demo and for tests."""
