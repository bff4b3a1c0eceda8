"""Broker to spool to database: every reading stored exactly once, every book balanced."""
