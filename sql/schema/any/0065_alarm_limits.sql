-- The limits of the alarms of stock, doses and stations, from the settings; migrate enters them. The console's alarms, Grafana's
-- rules and the colours of its panels have them from here; that of low stock is in plant_limits. dosing_tui.domain.alarm_rules
-- computes the same.
CREATE TABLE alarm_limits (
    is_only     boolean PRIMARY KEY DEFAULT true CHECK (is_only),
    definition  text    NOT NULL,  -- JSON; the other columns are read from it
    stations    jsonb   GENERATED ALWAYS AS (definition::jsonb -> 'stations') STORED,  -- expected, though never heard
    stock_warn_percent     double precision
        GENERATED ALWAYS AS ((definition::jsonb ->> 'stock_warn_percent')::double precision) STORED,
    stock_critical_percent double precision
        GENERATED ALWAYS AS ((definition::jsonb ->> 'stock_critical_percent')::double precision) STORED,
    stock_deadband_percent double precision
        GENERATED ALWAYS AS ((definition::jsonb ->> 'stock_deadband_percent')::double precision) STORED,
    stock_cover_days       double precision  -- production days; 0: no limit
        GENERATED ALWAYS AS ((definition::jsonb ->> 'stock_cover_days')::double precision) STORED,
    mean_error_g           double precision
        GENERATED ALWAYS AS ((definition::jsonb ->> 'mean_error_g')::double precision) STORED,
    mean_error_doses       integer GENERATED ALWAYS AS ((definition::jsonb ->> 'mean_error_doses')::integer) STORED,
    error_rate_percent     double precision
        GENERATED ALWAYS AS ((definition::jsonb ->> 'error_rate_percent')::double precision) STORED,
    offline_s              double precision
        GENERATED ALWAYS AS ((definition::jsonb ->> 'offline_s')::double precision) STORED,
    cpk_low                double precision GENERATED ALWAYS AS ((definition::jsonb ->> 'cpk_low')::double precision) STORED,
    -- array of {chemical, recipe, and limits of its own}; '' is any, a later one counts
    overrides   jsonb   GENERATED ALWAYS AS (definition::jsonb -> 'overrides') STORED,
    CONSTRAINT limits_complete CHECK ((stock_warn_percent >= 0 AND stock_critical_percent >= 0
        AND stock_deadband_percent >= 0 AND stock_cover_days >= 0 AND mean_error_g > 0 AND mean_error_doses >= 0
        AND error_rate_percent >= 0 AND offline_s > 0 AND cpk_low >= 0 AND jsonb_typeof(stations) = 'array'
        AND jsonb_typeof(overrides) = 'array') IS TRUE)
);
INSERT INTO alarm_limits (definition)
SELECT jsonb_build_object('stations', '[]'::jsonb, 'stock_warn_percent', 50, 'stock_critical_percent', 5,
           'stock_deadband_percent', 2, 'stock_cover_days', 0, 'gross_error_g', 2, 'mean_error_g', 1, 'mean_error_doses', 5,
           'error_rate_percent', 5, 'error_rate_doses', 20, 'offline_s', 600, 'cpk_low', 0.5, 'overrides', '[]'::jsonb)::text;
GRANT SELECT ON alarm_limits TO PUBLIC;  -- as plant_limits: every role compares them with its settings

-- How full a tank is, in percent, to 0.001: of both masses if they are known, else as the station says; NULL for a capacity
-- of 0. dosing_tui.domain.messages.tank_level computes the same.
CREATE FUNCTION compute_tank_percent(remaining_g double precision, capacity_g double precision, percent_full double precision)
RETURNS double precision LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN capacity_g > 0 AND remaining_g IS NOT NULL
            THEN round((100 * remaining_g / capacity_g)::numeric, 3)::double precision
            WHEN capacity_g IS NULL OR capacity_g > 0 THEN percent_full END;

-- The limits in percent of a tank with this chemical: low, nearly empty, and from which it is far from both.
CREATE FUNCTION find_stock_limits(of_chemical text)
RETURNS TABLE (low_percent double precision, critical_percent double precision, warn_percent double precision)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT coalesce(own.low, p.stock_low_percent), coalesce(own.critical, a.stock_critical_percent),
       a.stock_warn_percent
  FROM public.alarm_limits AS a
 CROSS JOIN public.plant_limits AS p
  LEFT JOIN LATERAL (
       SELECT (array_agg(o.low ORDER BY o.place DESC) FILTER (WHERE o.low IS NOT NULL))[1] AS low,
              (array_agg(o.critical ORDER BY o.place DESC) FILTER (WHERE o.critical IS NOT NULL))[1] AS critical
         FROM (SELECT e.place, (e.part ->> 'stock_low_percent')::double precision AS low,
                      (e.part ->> 'stock_critical_percent')::double precision AS critical
                 FROM jsonb_array_elements(a.overrides) WITH ORDINALITY AS e (part, place)
                WHERE public.fold_name(e.part ->> 'recipe') = ''
                  AND (e.part ->> 'chemical' = '' OR public.fold_name(e.part ->> 'chemical') = public.fold_name(of_chemical))
              ) AS o
       ) AS own ON a.overrides <> '[]'::jsonb
$$;

-- Whether an alarm's condition holds: 1 yes, -1 no, 0 in the dead band, or not known: then the alarm stays as it is.
CREATE FUNCTION compare_below(value double precision, limit_value double precision, returns_at double precision)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value < limit_value THEN 1 WHEN value >= returns_at THEN -1 ELSE 0 END;

-- The same of a value that is an alarm above its limit.
CREATE FUNCTION compare_above(value double precision, limit_value double precision, returns_at double precision)
RETURNS integer LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN value > limit_value THEN 1 WHEN value <= returns_at THEN -1 ELSE 0 END;
