"""Broker to spool to database, in this order."""
