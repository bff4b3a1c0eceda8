-- Register a spool, unless it is registered.
INSERT INTO spool_progress (spool_id, site)
VALUES (%(spool_id)s, %(site)s)
    ON CONFLICT DO NOTHING
