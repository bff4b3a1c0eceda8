-- The tolerance of a dose: that of its ingredient in the master recipe, else of [[alarm_limits]], else of the plant's
-- class, else the plant's grams and percent. Each rule has versions with the time from which they hold; a dose is judged by
-- those that hold at its own time. dosing_tui.domain.tolerances computes the same from the same rows.

-- The plant's rules, from the settings. The newest version that holds at a time counts. definition is JSON; the other
-- columns are read from it.
CREATE TABLE tolerance_rules (
    version           integer     PRIMARY KEY,
    valid_from        timestamptz NOT NULL,
    definition        text        NOT NULL,
    audit_seq         bigint      REFERENCES audit_trail (seq),  -- NULL: held before rules were audited
    tolerance_g       double precision GENERATED ALWAYS AS ((definition::jsonb ->> 'tolerance_g')::double precision) STORED,
    -- 0: grams only
    tolerance_percent double precision GENERATED ALWAYS AS
        ((definition::jsonb ->> 'tolerance_percent')::double precision) STORED,
    -- the x of OIML R61's class X(x); NULL without a class
    class_factor      double precision GENERATED ALWAYS AS ((definition::jsonb ->> 'class_factor')::double precision) STORED,
    -- a dose of a smaller target is below what the scale can weigh; 0: none is
    least_dose_g      double precision GENERATED ALWAYS AS ((definition::jsonb ->> 'least_dose_g')::double precision) STORED,
    -- array of {chemical, recipe, tolerance_g, tolerance_percent}; '' is any, a later one counts
    overrides         jsonb       GENERATED ALWAYS AS (definition::jsonb -> 'overrides') STORED,
    CONSTRAINT rules_complete CHECK ((tolerance_g > 0 AND tolerance_percent >= 0 AND least_dose_g >= 0
                                      AND coalesce(class_factor > 0, true) AND jsonb_typeof(overrides) = 'array') IS TRUE)
);
INSERT INTO tolerance_rules (version, valid_from, definition)
SELECT 1, '2000-01-01 00:00:00+00', jsonb_build_object('tolerance_g', tolerance_g, 'tolerance_percent', 0,
           'class_factor', NULL, 'least_dose_g', 0, 'overrides', '[]'::jsonb)::text
  FROM plant_limits;
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON tolerance_rules
    FOR EACH STATEMENT EXECUTE FUNCTION reject_update_or_delete();

-- The ingredients of every version of a master recipe by chemical, made from recipe_masters. Recipes that are older than
-- this table judge doses from its creation on: what was counted before stays.
CREATE TABLE recipe_tolerances (
    recipe_key text        NOT NULL,
    mode       text        NOT NULL,
    recipe     text        NOT NULL,
    version    integer     NOT NULL,
    valid_from timestamptz NOT NULL,
    portions   jsonb       NOT NULL,
    PRIMARY KEY (recipe_key, mode, recipe, version)
);

CREATE FUNCTION index_portions(definition jsonb) RETURNS jsonb
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, public, pg_temp AS $$
    SELECT coalesce(jsonb_object_agg(chemical_key, portions), '{}')
      FROM (SELECT fold_name(i.part ->> 'chemical') AS chemical_key,
                   jsonb_agg(i.part || jsonb_build_object('place', i.place) ORDER BY i.place) AS portions
              FROM jsonb_array_elements(definition -> 'ingredient') WITH ORDINALITY AS i (part, place)
             GROUP BY 1) AS by_chemical
$$;

INSERT INTO recipe_tolerances (recipe_key, mode, recipe, version, valid_from, portions)
SELECT fold_name(recipe), mode, recipe, version, greatest(valid_from, clock_timestamp()), index_portions(definition::jsonb)
  FROM recipe_masters;

SELECT copy_dose_grants('public.tolerance_rules, public.recipe_tolerances', VARIADIC '{}');
GRANT SELECT ON tolerance_rules TO PUBLIC;  -- as plant_limits: every role compares them with its settings

-- The maximum permissible deviations in service of OIML R61, class X(x), Table 1, for a fill of this mass, in g.
CREATE FUNCTION class_deviation_g(class_factor double precision, target_g double precision) RETURNS double precision
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN class_factor * CASE WHEN target_g <= 50 THEN 0.09::double precision * target_g
                           WHEN target_g <= 100 THEN 4.5::double precision
                           WHEN target_g <= 200 THEN 0.045::double precision * target_g
                           WHEN target_g <= 300 THEN 9::double precision
                           WHEN target_g <= 500 THEN 0.03::double precision * target_g
                           WHEN target_g <= 1000 THEN 15::double precision
                           WHEN target_g <= 10000 THEN 0.015::double precision * target_g
                           WHEN target_g <= 15000 THEN 150::double precision
                           ELSE 0.01::double precision * target_g END;

-- The tolerance of a dose in g, and whether the scale can weigh it. A percentage or a class says nothing without a target.
-- Plain SQL, which the planner inlines.
CREATE FUNCTION find_tolerance(at timestamptz, of_recipe text, of_mode text, of_chemical text, of_pump integer,
                               of_target_g double precision)
RETURNS TABLE (tolerance_g double precision, is_weighable boolean) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT coalesce(portion.limit_g,
                least(own.tolerance_g, CASE WHEN own.percent > 0 AND of_target_g > 0
                                            THEN own.percent / 100 * of_target_g END),
                CASE WHEN of_target_g > 0 THEN public.class_deviation_g(plant.class_factor, of_target_g) END,
                least(plant.tolerance_g, CASE WHEN coalesce(own.percent, plant.tolerance_percent) > 0 AND of_target_g > 0
                                              THEN coalesce(own.percent, plant.tolerance_percent) / 100 * of_target_g END)),
       plant.least_dose_g <= 0 OR of_target_g IS NULL OR of_target_g >= plant.least_dose_g
  FROM (SELECT r.tolerance_g, r.tolerance_percent, r.class_factor, r.least_dose_g, r.overrides
          FROM public.tolerance_rules AS r
         WHERE r.valid_from <= at
         ORDER BY r.valid_from DESC, r.version DESC
         LIMIT 1) AS plant
  LEFT JOIN LATERAL (
       SELECT (array_agg(o.grams ORDER BY o.place DESC) FILTER (WHERE o.grams IS NOT NULL))[1] AS tolerance_g,
              (array_agg(o.percent ORDER BY o.place DESC) FILTER (WHERE o.percent IS NOT NULL))[1] AS percent
         FROM (SELECT e.place, (e.part ->> 'tolerance_g')::double precision AS grams,
                      (e.part ->> 'tolerance_percent')::double precision AS percent
                 FROM jsonb_array_elements(plant.overrides) WITH ORDINALITY AS e (part, place)
                WHERE (e.part ->> 'chemical' = '' OR public.fold_name(e.part ->> 'chemical') = public.fold_name(of_chemical))
                  AND (e.part ->> 'recipe' = '' OR public.fold_name(e.part ->> 'recipe') = public.fold_name(of_recipe))) AS o
       ) AS own ON plant.overrides <> '[]'::jsonb
  LEFT JOIN LATERAL (
       SELECT least((p.part ->> 'tolerance_g')::double precision,
                    CASE WHEN of_target_g > 0
                         THEN (p.part ->> 'tolerance_percent')::double precision / 100 * of_target_g END) AS limit_g
         FROM (SELECT m.portions
                 FROM public.recipe_tolerances AS m
                WHERE m.recipe_key = public.fold_name(of_recipe) AND m.mode IN ('', of_mode) AND m.valid_from <= at
                ORDER BY m.mode <> '' DESC, m.valid_from DESC, m.version DESC
                LIMIT 1) AS master
        CROSS JOIN LATERAL jsonb_array_elements(master.portions -> public.fold_name(of_chemical)) AS p (part)
        ORDER BY coalesce((p.part ->> 'pump')::double precision <> of_pump, false),
                 coalesce(abs((p.part ->> 'target_g')::double precision - of_target_g), 0), (p.part ->> 'place')::integer
        LIMIT 1) AS portion ON true
$$;

-- The error of a dose that counts, NULL below what the scale can weigh, and whether it is out of tolerance.
CREATE FUNCTION judge_dose(at timestamptz, of_recipe text, of_mode text, of_chemical text, of_pump integer,
                           of_target_g double precision, of_error_g double precision)
RETURNS TABLE (error_g double precision, is_out boolean) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT CASE WHEN t.is_weighable THEN of_error_g END,
       coalesce(t.is_weighable AND abs(of_error_g) > t.tolerance_g + 1e-9::double precision, false)
  FROM public.find_tolerance(at, of_recipe, of_mode, of_chemical, of_pump, of_target_g) AS t
$$;

-- Whether the scale could weigh a dose of this target at this time.
CREATE FUNCTION is_weighable(at timestamptz, of_target_g double precision) RETURNS boolean
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT of_target_g IS NULL
    OR of_target_g >= (SELECT r.least_dose_g FROM public.tolerance_rules AS r
                        WHERE r.valid_from <= at ORDER BY r.valid_from DESC, r.version DESC LIMIT 1)
    OR (SELECT r.least_dose_g FROM public.tolerance_rules AS r
         WHERE r.valid_from <= at ORDER BY r.valid_from DESC, r.version DESC LIMIT 1) <= 0
$$;

-- Adds a version of the plant's rules: valid from now on, or from the beginning where no dose has been counted yet. False
-- if they are in force already. The schema's owner only.
CREATE FUNCTION set_tolerance_rules(rules text, person text) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    newest record;
    moment timestamptz;
    since timestamptz;
BEGIN
    PERFORM lock_audit_trail();
    SELECT r.version, r.definition INTO newest FROM tolerance_rules AS r ORDER BY r.version DESC LIMIT 1;
    IF newest.definition::jsonb = rules::jsonb THEN
        RETURN false;
    END IF;
    moment := clock_timestamp();
    since := CASE WHEN EXISTS (SELECT FROM dosing_rollup_15m) THEN moment
                  ELSE timestamptz '2000-01-01 00:00:00+00' END;
    INSERT INTO tolerance_rules (version, valid_from, definition, audit_seq)
    SELECT newest.version + 1, since, rules, append_audit_entry(moment, 'tolerance', 'plant', person,
        jsonb_build_object('version', newest.version + 1, 'valid_from', format_instant(since),
                           'definition', encode(sha256(convert_to(rules, 'UTF8')), 'hex')));
    RETURN true;
END $$;

-- assign_signature_owner() gives the function its owner, too, and that role what it needs.
DO $$
DECLARE
    body text := pg_get_functiondef('public.assign_signature_owner()'::regprocedure);
BEGIN
    body := replace(body, '''add_recipe_version'')', '''add_recipe_version'', ''set_tolerance_rules'')');
    EXECUTE replace(body, 'GRANT SELECT, INSERT, UPDATE ON pin_counters TO dosing_auditor;',
        'GRANT SELECT, INSERT, UPDATE ON pin_counters TO dosing_auditor;'
        ' GRANT SELECT, INSERT ON tolerance_rules TO dosing_auditor; GRANT SELECT ON dosing_rollup_15m TO dosing_auditor;');
END $$;
REVOKE ALL ON FUNCTION set_tolerance_rules(text, text) FROM PUBLIC;
SELECT assign_signature_owner();
