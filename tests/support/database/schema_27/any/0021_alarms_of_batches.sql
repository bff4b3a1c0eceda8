-- An alarm that was active during a batch is something to look at: what the journal says of alarms touches the
-- batches of its station around that time, or those of all stations if it is the whole plant's.
CREATE FUNCTION touch_batches_by_alarms() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO batches_touched AS t (device_id, day, since, until)
    SELECT s.device_id, (n.at AT TIME ZONE 'UTC')::date, min(n.at), max(n.at)
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

CREATE TRIGGER touch_batches AFTER INSERT ON alarm_journal
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION touch_batches_by_alarms();

-- A batch about which somebody has asked still waits for a word.
DROP INDEX batches_unreviewed;
CREATE INDEX batches_unreviewed ON batches (begins_at DESC, batch_key DESC)
    WHERE review_state IN ('unreviewed', 'outdated', 'needs information');

-- Batches since the journal began are judged anew.
INSERT INTO batches_touched AS t (device_id, day, since, until)
SELECT device_id, (begins_at AT TIME ZONE 'UTC')::date, min(begins_at), max(last_at)
  FROM batches
 WHERE begins_at >= (SELECT min(at) - INTERVAL '1 day' FROM alarm_journal)
 GROUP BY 1, 2
ON CONFLICT (device_id, day) DO UPDATE
   SET since = least(t.since, excluded.since), until = greatest(t.until, excluded.until), touches = t.touches + 1;
