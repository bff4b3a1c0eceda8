-- Entries are added one after the other: the lock is held until the transaction ends.
SELECT pg_advisory_xact_lock(%(key)s)
