-- What an operator did while the database was away is journaled later, by the collector of that machine: then db_role
-- is whose hand wrote the row, and not the role of who did it; there was none.
ALTER TABLE alarm_journal ADD COLUMN offline boolean NOT NULL DEFAULT false;
SELECT grant_as_for_doses('public.alarm_journal', 'INSERT (offline) ON public.alarm_journal');
