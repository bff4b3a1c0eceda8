-- Store the checkpoint of one reader, unless a newer one of the same version is stored.
INSERT INTO alarm_checkpoints AS kept (site, reader, last_id, fold, known)
VALUES (%(site)s, %(reader)s, %(last_id)s, %(fold)s, %(known)s)
    ON CONFLICT (site, reader) DO UPDATE
   SET last_id = excluded.last_id, fold = excluded.fold, known = excluded.known, made_at = clock_timestamp()
 WHERE kept.last_id < excluded.last_id OR kept.fold <> excluded.fold
