-- Batches that began, per hour (UTC), recipe and mode, of all stations (device_id is '') and of each. 20 million doses are
-- 2.5 million batches: a panel over months does not count them one by one. Kept exact by triggers on batches.
LOCK TABLE batches IN SHARE ROW EXCLUSIVE MODE;
CREATE TABLE batch_rollup (
    by_station boolean     NOT NULL,
    bucket     timestamptz NOT NULL,
    device_id  text        NOT NULL,
    recipe     text        NOT NULL,
    mode       text        NOT NULL,
    completed  bigint      NOT NULL,
    aborted    bigint      NOT NULL,
    PRIMARY KEY (by_station, device_id, bucket, recipe, mode)
) WITH (fillfactor = 70);

-- Adds what the rows of a change count: 1 for each that is new, -1 for each that was before.
CREATE FUNCTION roll_up_batches() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    changed text := CASE TG_OP WHEN 'INSERT' THEN 'SELECT 1 AS n, * FROM new_rows'
                               WHEN 'DELETE' THEN 'SELECT -1 AS n, * FROM old_rows'
                               ELSE 'SELECT 1 AS n, * FROM new_rows UNION ALL SELECT -1, * FROM old_rows' END;
BEGIN
    EXECUTE format($statement$
        INSERT INTO batch_rollup AS r
        SELECT g.by_station, date_bin('1 hour', c.begins_at, '2000-01-01 00:00:00+00'),
               CASE WHEN g.by_station THEN c.device_id ELSE '' END, c.recipe, c.mode,
               coalesce(sum(c.n) FILTER (WHERE c.status = 'complete'), 0),
               coalesce(sum(c.n) FILTER (WHERE c.status = 'aborted'), 0)
          FROM (%s) AS c
         CROSS JOIN (VALUES (false), (true)) AS g (by_station)
         WHERE NOT c.gone
         GROUP BY 1, 2, 3, 4, 5
        HAVING sum(c.n) FILTER (WHERE c.status = 'complete') <> 0 OR sum(c.n) FILTER (WHERE c.status = 'aborted') <> 0
         ORDER BY 1, 3, 2, 4, 5
        ON CONFLICT (by_station, device_id, bucket, recipe, mode) DO UPDATE
           SET completed = r.completed + excluded.completed, aborted = r.aborted + excluded.aborted
        $statement$, changed);
    RETURN NULL;
END $$;
CREATE TRIGGER roll_up_new_batches AFTER INSERT ON batches
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION roll_up_batches();
CREATE TRIGGER roll_up_changed_batches AFTER UPDATE ON batches
    REFERENCING OLD TABLE AS old_rows NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION roll_up_batches();
CREATE TRIGGER roll_up_deleted_batches AFTER DELETE ON batches
    REFERENCING OLD TABLE AS old_rows FOR EACH STATEMENT EXECUTE FUNCTION roll_up_batches();

INSERT INTO batch_rollup
SELECT g.by_station, date_bin('1 hour', b.begins_at, '2000-01-01 00:00:00+00'),
       CASE WHEN g.by_station THEN b.device_id ELSE '' END, b.recipe, b.mode,
       count(*) FILTER (WHERE b.status = 'complete'), count(*) FILTER (WHERE b.status = 'aborted')
  FROM batches AS b
 CROSS JOIN (VALUES (false), (true)) AS g (by_station)
 WHERE NOT b.gone
   AND b.status IN ('complete', 'aborted')
 GROUP BY 1, 2, 3, 4, 5;
SELECT copy_dose_grants('public.batch_rollup', VARIADIC '{}');

-- batch_counts(since, until), added up: whole hours, and single batches at both ends; of these stations or of all.
CREATE FUNCTION batch_sums(since timestamptz, until timestamptz, of_stations text[]) RETURNS TABLE (
    recipe text, mode text, completed bigint, aborted bigint
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT r.recipe, r.mode, r.completed, r.aborted
  FROM public.batch_rollup AS r
 WHERE r.by_station = (of_stations IS NOT NULL)
   AND r.device_id = ANY (coalesce(of_stations, '{""}'))
   AND r.bucket >= public.next_bucket_start('1 hour', since)
   AND r.bucket < date_bin('1 hour', until, '2000-01-01 00:00:00+00')
 UNION ALL
SELECT b.recipe, b.mode, b.completed, b.aborted
  FROM public.batch_counts(since, least(public.next_bucket_start('1 hour', since), until)) AS b
 WHERE b.completed + b.aborted > 0
   AND (of_stations IS NULL OR b.device_id = ANY (of_stations))
 UNION ALL
SELECT b.recipe, b.mode, b.completed, b.aborted
  FROM public.batch_counts(greatest(date_bin('1 hour', until, '2000-01-01 00:00:00+00'),
                                    least(public.next_bucket_start('1 hour', since), until)), until) AS b
 WHERE b.completed + b.aborted > 0
   AND (of_stations IS NULL OR b.device_id = ANY (of_stations))
$$;
