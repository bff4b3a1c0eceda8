-- Entries are made one after the other; the lock falls with the transaction.
SELECT pg_advisory_xact_lock(%(key)s)
