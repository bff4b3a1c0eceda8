-- What each completed batch took of each chemical, stored when it is rebuilt: what a recipe takes of each tank is the median of its last
-- 20 batches, and the doses of all of them were counted at each look. A batch of which nothing is stored is counted from its doses:
-- storing makes a panel quick, and changes no figure. Maintenance stores what an earlier version left out (store_recent_uses).
CREATE TABLE batch_uses (
    batch_key     text               PRIMARY KEY REFERENCES batches ON DELETE CASCADE,
    -- of the batch as it was counted: where it has changed since, the row says nothing
    recipe_key    text               NOT NULL,
    begins_at     timestamptz        NOT NULL,
    ends_at       timestamptz        NOT NULL,
    -- each chemical, without those of which a dose was not weighed
    chemical_keys text[]             NOT NULL,
    chemicals     text[]             NOT NULL,
    uses_g        double precision[] NOT NULL
);

-- What was dosed of each chemical for a recipe in [since, until], in g. A chemical with a dose that was not weighed has no row.
CREATE FUNCTION count_batch_use(of_station text, of_recipe_key text, since timestamptz, until timestamptz)
RETURNS TABLE (chemical_key text, chemical text, use_g double precision) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT public.fold_name(o.chemical), min(o.chemical), sum(o.actual_g)
  FROM public.dosing_consumption AS o
 WHERE o.device_id = of_station AND o.time >= since AND o.time <= until
   AND (o.recipe = '' OR public.fold_name(o.recipe) = of_recipe_key)
 GROUP BY 1
HAVING bool_and(o.actual_g IS NOT NULL)
$$;

-- The last 20 completed batches of each recipe of these stations or all, of the 28 days before a time, newest first (place 1).
-- Recipes are compared as for batches.
CREATE FUNCTION recent_batches(until timestamptz, of_stations text[], of_recipes text[])
RETURNS TABLE (device_id text, recipe_key text, place bigint, batch_key text, recipe text, begins_at timestamptz, ends_at timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
WITH RECURSIVE names (device_id, recipe) AS (
SELECT s.device_id, (SELECT min(b.recipe) FROM public.batches AS b
                      WHERE b.device_id = s.device_id AND b.status = 'complete' AND NOT b.gone)
  FROM public.device_last_seen AS s
 WHERE of_stations IS NULL OR s.device_id = ANY (of_stations)
 UNION ALL
SELECT n.device_id, (SELECT min(b.recipe) FROM public.batches AS b
                      WHERE b.device_id = n.device_id AND b.status = 'complete' AND NOT b.gone AND b.recipe > n.recipe)
  FROM names AS n
 WHERE n.recipe IS NOT NULL
)
SELECT l.device_id, l.recipe_key, l.place, l.batch_key, l.recipe, l.begins_at, l.ends_at
  FROM (SELECT r.device_id, r.recipe_key, b.batch_key, r.recipe, b.begins_at, b.ends_at,
               row_number() OVER (PARTITION BY r.device_id, r.recipe_key ORDER BY b.begins_at DESC) AS place
          FROM (SELECT n.device_id, n.recipe, public.fold_name(n.recipe) AS recipe_key
                  FROM names AS n
                 WHERE of_recipes IS NULL OR n.recipe = ANY (of_recipes)
                OFFSET 0) AS r
         CROSS JOIN LATERAL (SELECT o.batch_key, o.begins_at, o.ends_at
                               FROM public.batches AS o
                              WHERE o.device_id = r.device_id AND o.recipe = r.recipe AND o.status = 'complete' AND NOT o.gone
                                AND o.begins_at >= until - INTERVAL '28 days' AND o.begins_at < until
                              ORDER BY o.begins_at DESC
                              LIMIT 20) AS b) AS l
 WHERE l.place <= 20
$$;

-- What a batch takes of each chemical, in g, by station and recipe: the median of these batches. Recipes are named as in their newest
-- batch. Planned once in a session.
CREATE FUNCTION batch_medians(until timestamptz, of_stations text[], of_recipes text[])
RETURNS TABLE (device_id text, recipe_key text, recipe text, chemical_key text, chemical text, median_g double precision,
               batches bigint)
LANGUAGE plpgsql STABLE ROWS 1000 SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
#variable_conflict use_column
BEGIN
RETURN QUERY
WITH recent AS MATERIALIZED (
-- number: of the recipe, which is quicker to group by than its names
SELECT r.device_id, r.recipe_key, r.place, r.recipe, r.begins_at, r.ends_at, u.chemical_keys, u.chemicals, u.uses_g,
       count(*) FILTER (WHERE r.place = 1) OVER (ORDER BY r.device_id, r.recipe_key, r.place ROWS UNBOUNDED PRECEDING) AS number
  FROM recent_batches(until, of_stations, of_recipes) AS r
  LEFT JOIN LATERAL (SELECT o.chemical_keys, o.chemicals, o.uses_g
                       FROM batch_uses AS o
                      WHERE o.batch_key = r.batch_key AND o.recipe_key = r.recipe_key AND o.begins_at = r.begins_at
                        AND o.ends_at = r.ends_at
                     OFFSET 0) AS u ON true  -- by its key: joined, all that were ever stored would be read
), used AS (
SELECT r.number, d.chemical_key, d.chemical, d.use_g
  FROM recent AS r
 CROSS JOIN LATERAL unnest(r.chemical_keys, r.chemicals, r.uses_g) AS d (chemical_key, chemical, use_g)
 UNION ALL
SELECT r.number, d.chemical_key, d.chemical, d.use_g
  FROM recent AS r
 CROSS JOIN LATERAL count_batch_use(r.device_id, r.recipe_key, r.begins_at, r.ends_at) AS d
 WHERE r.uses_g IS NULL
), medians AS (
SELECT u.number, u.chemical_key COLLATE "C" AS chemical_key, min(u.chemical) AS chemical,
       percentile_cont(0.5) WITHIN GROUP (ORDER BY u.use_g) AS median_g, count(*) AS batches
  FROM used AS u
 GROUP BY 1, 2
)
SELECT r.device_id, r.recipe_key, r.recipe, m.chemical_key, m.chemical, m.median_g, m.batches
  FROM medians AS m
  JOIN recent AS r ON r.number = m.number AND r.place = 1
 WHERE m.median_g > 0;
END $$;

-- Stores what these batches took, as far as they are completed.
CREATE FUNCTION store_batch_uses(keys text[]) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp SET random_page_cost = 1.1
SET plan_cache_mode = force_generic_plan SET jit = off AS $$
BEGIN
    INSERT INTO batch_uses AS u (batch_key, recipe_key, begins_at, ends_at, chemical_keys, chemicals, uses_g)
    SELECT b.batch_key, b.recipe_key, b.begins_at, b.ends_at, c.chemical_keys, c.chemicals, c.uses_g
      FROM (SELECT o.batch_key, o.device_id, fold_name(o.recipe) AS recipe_key, o.begins_at, o.ends_at
              FROM batches AS o
             WHERE o.batch_key = ANY (keys) AND o.status = 'complete' AND NOT o.gone AND o.ends_at IS NOT NULL
             ORDER BY o.batch_key) AS b
     CROSS JOIN LATERAL (SELECT coalesce(array_agg(d.chemical_key ORDER BY d.chemical_key), '{}') AS chemical_keys,
                                coalesce(array_agg(d.chemical ORDER BY d.chemical_key), '{}') AS chemicals,
                                coalesce(array_agg(d.use_g ORDER BY d.chemical_key), '{}') AS uses_g
                           FROM count_batch_use(b.device_id, b.recipe_key, b.begins_at, b.ends_at) AS d) AS c
        ON CONFLICT (batch_key) DO UPDATE
       SET recipe_key = excluded.recipe_key, begins_at = excluded.begins_at, ends_at = excluded.ends_at,
           chemical_keys = excluded.chemical_keys, chemicals = excluded.chemicals, uses_g = excluded.uses_g
     WHERE (u.recipe_key, u.begins_at, u.ends_at, u.chemical_keys, u.chemicals, u.uses_g)
           IS DISTINCT FROM (excluded.recipe_key, excluded.begins_at, excluded.ends_at, excluded.chemical_keys,
                             excluded.chemicals, excluded.uses_g);
END $$;

-- Stores what is missing of the last batches of a station, 20 at a time; returns of how many. Rebuilds of batches wait meanwhile: the doses
-- of a batch that TimescaleDB has compressed take it some ten milliseconds.
CREATE FUNCTION store_recent_uses(of_station text) RETURNS bigint
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
REVOKE ALL ON FUNCTION store_batch_uses(text[]), store_recent_uses(text) FROM PUBLIC;
SELECT copy_dose_grants('public.batch_uses', 'EXECUTE ON FUNCTION public.store_batch_uses(text[]), public.store_recent_uses(text)');
