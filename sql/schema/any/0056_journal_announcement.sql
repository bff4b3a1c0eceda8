-- New entries of the journal are announced by who has stored them, after COMMIT (journal.py). Within its transaction a
-- queue of notifications that is full refuses the entry, and any role, also one that may only read, can fill the queue.
DROP TRIGGER notify_listeners ON alarm_journal;
DROP FUNCTION alarm_journal_notify();
