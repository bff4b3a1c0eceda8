-- As in any/0165, in steps of 20 batches: the doses of a batch that TimescaleDB has compressed take it some ten milliseconds, and rebuilds of
-- batches wait meanwhile.
CREATE OR REPLACE FUNCTION store_recent_uses(of_station text) RETURNS bigint
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1 SET jit = off AS $$
DECLARE
    missing text[];
BEGIN
    PERFORM FROM process_locks AS l WHERE l.name = 'batch_rebuild' FOR UPDATE;
    missing := ARRAY(SELECT r.batch_key
                       FROM recent_batches(now(), ARRAY[of_station], NULL) AS r
                      WHERE r.ends_at IS NOT NULL
                        AND NOT EXISTS (SELECT FROM batch_uses AS u
                                         WHERE u.batch_key = r.batch_key AND u.recipe_key = r.recipe_key
                                           AND u.begins_at = r.begins_at AND u.ends_at = r.ends_at)
                      ORDER BY r.begins_at DESC
                      LIMIT 20);
    PERFORM store_batch_uses(missing);
    RETURN cardinality(missing);
END $$;
