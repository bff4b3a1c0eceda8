"""Broker to spool to database: every reading is stored exactly once; message counts are reconciled."""
