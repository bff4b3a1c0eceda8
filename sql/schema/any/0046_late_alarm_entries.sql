-- A rebuild leaves alone what ended before the first change. An alarm that is journaled late, after the database had been
-- away, may have stood during the batches before its entry: they are judged again, too.
CREATE OR REPLACE FUNCTION queue_batch_rebuild_by_alarms() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO batch_rebuild_queue AS t (device_id, day, since, until)
    SELECT s.device_id, (n.at AT TIME ZONE 'UTC')::date,
           min(n.at - CASE WHEN n.at < n.recorded_at - INTERVAL '5 minutes' THEN INTERVAL '12 hours'
                           ELSE INTERVAL '0' END),
           max(n.at)
      FROM new_rows AS n
     CROSS JOIN LATERAL (SELECT n.device_id WHERE n.device_id <> ''
                          UNION
                         SELECT b.device_id FROM batches AS b
                          WHERE n.device_id = '' AND b.begins_at >= n.at - INTERVAL '1 day'
                            AND b.begins_at < n.at + INTERVAL '1 day') AS s
     WHERE n.event IN ('raise', 'return', 'unshelve', 'expire', 'release', 'return to service')
       AND n.priority <> 'diagnostic'
     GROUP BY 1, 2 ORDER BY 1, 2
    ON CONFLICT (device_id, day) DO UPDATE
       SET since = least(t.since, excluded.since), until = greatest(t.until, excluded.until),
           touches = t.touches + 1;
    RETURN NULL;
END $$;
