"""MQTT payload to typed reading: parsing, validation, time stamps. Pure."""
