-- The judgement of a batch names the messages of its station that are missing by their numbers. A gap is known only after a
-- later message, which may come when the batch is judged already: it is judged again.
CREATE INDEX station_changes_lost ON station_changes (at) WHERE kind = 'lost';

CREATE FUNCTION queue_batch_rebuild_by_losses() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO batch_rebuild_queue AS t (device_id, day, since, until)
    SELECT n.device_id, ((n.at - INTERVAL '1 minute') AT TIME ZONE 'UTC')::date, min(n.at) - INTERVAL '1 minute', max(n.at)
      FROM new_rows AS n
     WHERE n.kind = 'lost' AND n.lost <> 0
     GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (device_id, day) DO UPDATE
       SET since = least(t.since, excluded.since), until = greatest(t.until, excluded.until),
           touches = t.touches + 1;
    RETURN NULL;
END $$;
REVOKE ALL ON FUNCTION queue_batch_rebuild_by_losses() FROM PUBLIC;
CREATE TRIGGER queue_batch_rebuild AFTER INSERT ON station_changes
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION queue_batch_rebuild_by_losses();
