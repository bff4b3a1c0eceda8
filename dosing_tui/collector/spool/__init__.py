"""The spool: acknowledged messages on this machine's disk until the database has them; what is a repeat."""
