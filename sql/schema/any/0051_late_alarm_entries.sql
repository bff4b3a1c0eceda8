-- An alarm may be journaled long after it came, when the database or the journal had been away: all batches from then until
-- its entry are judged again. Their readings may have been stored, and they judged, without it.
CREATE OR REPLACE FUNCTION queue_batch_rebuild_by_alarms() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO batch_rebuild_queue AS t (device_id, day, since, until)
    SELECT s.device_id, (n.at AT TIME ZONE 'UTC')::date,
           min(n.at),
           max(CASE WHEN n.at < n.recorded_at - INTERVAL '5 minutes' THEN n.recorded_at ELSE n.at END)
      FROM new_rows AS n
     CROSS JOIN LATERAL (SELECT n.device_id WHERE n.device_id <> ''
                          UNION
                         SELECT b.device_id FROM batches AS b
                          WHERE n.device_id = '' AND b.begins_at >= n.at - INTERVAL '1 day'
                            AND b.begins_at < greatest(n.at, n.recorded_at) + INTERVAL '1 day') AS s
     WHERE n.event IN ('raise', 'return', 'unshelve', 'expire', 'release', 'return to service')
       AND n.priority <> 'diagnostic'
     GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (device_id, day) DO UPDATE
       SET since = least(t.since, excluded.since), until = greatest(t.until, excluded.until),
           touches = t.touches + 1;
    RETURN NULL;
END $$;
