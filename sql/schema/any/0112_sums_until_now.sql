-- Sums up to now take the current 15 minutes from the rollup, which each dose updates. To read their doses instead took longer
-- than a panel may, at a thousand doses a second.

-- until, or where it is about now (a caller's now is a moment before the server's) the end of its bucket: what comes after now
-- is of clocks that are ahead.
CREATE FUNCTION round_up_now(step interval, until timestamptz) RETURNS timestamptz
LANGUAGE sql STABLE PARALLEL SAFE
RETURN CASE WHEN until > now() - INTERVAL '1 minute' AND until < now() + INTERVAL '1 minute'
            THEN public.next_bucket_start(step, until) ELSE until END;

-- Books of tanks are of exactly the doses up to an entry, also one of this minute.
ALTER FUNCTION dosing_sums(timestamptz, timestamptz, text[]) RENAME TO exact_dosing_sums;
DO $$
DECLARE
    body CONSTANT text := pg_get_functiondef('public.tank_use(text, text, timestamptz, timestamptz)'::regprocedure);
BEGIN
    IF strpos(body, 'public.dosing_sums(') = 0 THEN
        RAISE EXCEPTION 'the body of tank_use is not the known one';
    END IF;
    EXECUTE replace(body, 'public.dosing_sums(', 'public.exact_dosing_sums(');
END $$;

-- As exact_dosing_sums, and up to now all that is stored of the current 15 minutes.
CREATE FUNCTION dosing_sums(since timestamptz, until timestamptz, of_stations text[]) RETURNS TABLE (
    device_id text, chemical text, recipe text, mode text,
    doses bigint, sum_actual_g double precision, n_actual bigint,
    sum_error_g double precision, sum_abs_error_g double precision, sum_sq_error_g double precision,
    n_error bigint, n_out_of_tol bigint, sum_duration_ms bigint, n_duration bigint
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT s.device_id, s.chemical, s.recipe, s.mode, s.doses, s.sum_actual_g, s.n_actual, s.sum_error_g, s.sum_abs_error_g,
       s.sum_sq_error_g, s.n_error, s.n_out_of_tol, s.sum_duration_ms, s.n_duration
  FROM public.exact_dosing_sums(since, public.round_up_now('15 minutes', until), of_stations) AS s
$$;
