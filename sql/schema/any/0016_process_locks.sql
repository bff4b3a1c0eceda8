-- Locks of the program: rows, since advisory locks are open to every role, also to one that may only read.
-- To hold a lock is to lock its row (FOR UPDATE), which takes the right to update a column of it.
CREATE TABLE process_locks (
    name     text        PRIMARY KEY,
    taken_at timestamptz          -- never set: the column that a role may update in order to lock
);
INSERT INTO process_locks (name) VALUES ('alarm_journal'), ('audit_trail'), ('batch_rebuild'), ('maintenance');
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON process_locks
    FOR EACH STATEMENT EXECUTE FUNCTION reject_update_or_delete();

SELECT copy_dose_grants('public.process_locks', 'UPDATE (taken_at) ON public.process_locks');

-- Ids become visible in their order: a reader at one id has not missed a lower one that commits later.
CREATE OR REPLACE FUNCTION alarm_journal_assign_order() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    PERFORM FROM process_locks WHERE name = 'alarm_journal' FOR UPDATE;
    RETURN NULL;
END $$;
