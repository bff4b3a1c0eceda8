"""The material ledger: entries are added by a function of the database, and never changed."""
