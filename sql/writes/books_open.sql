-- Opens the books of a spool; nothing if somebody has opened them.
INSERT INTO spool_progress (spool_id, site)
VALUES (%(spool_id)s, %(site)s)
    ON CONFLICT DO NOTHING
