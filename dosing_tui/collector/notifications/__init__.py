"""Alarm notifications: dispatch, delivery, and the outage of the database itself."""
