"""Parsing and validation of MQTT payloads, and timestamp resolution. No I/O."""
