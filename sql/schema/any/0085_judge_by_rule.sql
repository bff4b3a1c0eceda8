-- What a dose costs that is judged and counted: a quarter of what it did. The lookups of overrides and of recipes are left out where there
-- are none, the rule in force is found once for a statement's doses, and the unit of a bin is not made from text.
-- OFFSET 0: else the planner asks whether there are any after it has looked.

-- The tolerance of a dose by a version of the plant's rules, and whether the scale can weigh it. Plain SQL, which the
-- planner inlines.
CREATE FUNCTION apply_tolerance_rule(
    rule_tolerance_g double precision, rule_percent double precision, rule_class_factor double precision,
    rule_least_dose_g double precision, rule_overrides jsonb,
    at timestamptz, of_recipe text, of_mode text, of_chemical text, of_pump integer, of_target_g double precision)
RETURNS TABLE (tolerance_g double precision, is_weighable boolean) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT coalesce(portion.limit_g,
                least(own.tolerance_g, CASE WHEN own.percent > 0 AND of_target_g > 0
                                            THEN own.percent / 100 * of_target_g END),
                CASE WHEN of_target_g > 0 THEN public.class_deviation_g(rule_class_factor, of_target_g) END,
                least(rule_tolerance_g, CASE WHEN coalesce(own.percent, rule_percent) > 0 AND of_target_g > 0
                                             THEN coalesce(own.percent, rule_percent) / 100 * of_target_g END)),
       rule_least_dose_g <= 0 OR of_target_g IS NULL OR of_target_g >= rule_least_dose_g
  FROM (SELECT) AS dose
  LEFT JOIN LATERAL (
       SELECT found.*
         FROM (SELECT (array_agg(o.grams ORDER BY o.place DESC) FILTER (WHERE o.grams IS NOT NULL))[1] AS tolerance_g,
                      (array_agg(o.percent ORDER BY o.place DESC) FILTER (WHERE o.percent IS NOT NULL))[1] AS percent
                 FROM (SELECT e.place, (e.part ->> 'tolerance_g')::double precision AS grams,
                              (e.part ->> 'tolerance_percent')::double precision AS percent
                         FROM jsonb_array_elements(rule_overrides) WITH ORDINALITY AS e (part, place)
                        WHERE (e.part ->> 'chemical' = '' OR public.fold_name(e.part ->> 'chemical') = public.fold_name(of_chemical))
                          AND (e.part ->> 'recipe' = '' OR public.fold_name(e.part ->> 'recipe') = public.fold_name(of_recipe))) AS o
              ) AS found
        WHERE rule_overrides <> '[]'::jsonb
       OFFSET 0) AS own ON true
  LEFT JOIN LATERAL (
       SELECT found.*
         FROM (SELECT least((p.part ->> 'tolerance_g')::double precision,
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
                LIMIT 1) AS found
        WHERE EXISTS (SELECT FROM public.recipe_tolerances)
       OFFSET 0) AS portion ON true
$$;

CREATE OR REPLACE FUNCTION find_tolerance(at timestamptz, of_recipe text, of_mode text, of_chemical text, of_pump integer,
                                          of_target_g double precision)
RETURNS TABLE (tolerance_g double precision, is_weighable boolean) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT t.tolerance_g, t.is_weighable
  FROM (SELECT r.tolerance_g, r.tolerance_percent, r.class_factor, r.least_dose_g, r.overrides
          FROM public.tolerance_rules AS r
         WHERE r.valid_from <= at
         ORDER BY r.valid_from DESC, r.version DESC
         LIMIT 1) AS plant
 CROSS JOIN LATERAL public.apply_tolerance_rule(
       plant.tolerance_g, plant.tolerance_percent, plant.class_factor, plant.least_dose_g, plant.overrides,
       at, of_recipe, of_mode, of_chemical, of_pump, of_target_g) AS t
$$;

-- The error of a dose that counts, NULL below what the scale can weigh, and whether it is out of tolerance.
CREATE FUNCTION judge_error(of_error_g double precision, tolerance_g double precision, is_weighable boolean)
RETURNS TABLE (error_g double precision, is_out boolean) LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT CASE WHEN is_weighable THEN of_error_g END,
       coalesce(is_weighable AND abs(of_error_g) > tolerance_g + 1e-9::double precision, false)
$$;

CREATE OR REPLACE FUNCTION judge_dose(at timestamptz, of_recipe text, of_mode text, of_chemical text, of_pump integer,
                                      of_target_g double precision, of_error_g double precision)
RETURNS TABLE (error_g double precision, is_out boolean) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT j.error_g, j.is_out
  FROM public.find_tolerance(at, of_recipe, of_mode, of_chemical, of_pump, of_target_g) AS t
 CROSS JOIN LATERAL public.judge_error(of_error_g, t.tolerance_g, t.is_weighable) AS j
$$;

-- Text was not immutable enough for the planner to inline it: a call for each dose.
CREATE OR REPLACE FUNCTION bin_unit(error_g double precision) RETURNS numeric
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN error_g IS NOT NULL
            THEN ('{1,1e9,1e18,1e27,1e36,1e45,1e54,1e63,1e72,1e81,1e90,1e99,1e108,1e117,1e126,1e135,1e144,1e153,1e162,1e171,1e180,1e189}'
                  ::numeric[])[1 + public.dosing_error_bin(error_g)] END;
