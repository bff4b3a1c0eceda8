-- The journal is read in pages, the newest first, each beginning behind the last row of the one before.
CREATE INDEX alarm_journal_page ON alarm_journal (site, at, id);
DROP INDEX alarm_journal_time;
