-- These functions look tanks, pumps and targets up one by one, in chunks that are left out once, at the start. To leave chunks out again
-- at each of hundreds of looks takes three times as long as to look.
DO $$
DECLARE
    each_function regprocedure;
BEGIN
    IF EXISTS (SELECT FROM pg_settings AS s WHERE s.name = 'timescaledb.enable_runtime_exclusion') THEN
        FOREACH each_function IN ARRAY ARRAY[
            'count_tank_days(text, timestamptz, text[], date[], text[])',
            'compute_tank_books(text[], text[], timestamptz[], boolean[])',
            'pump_sums(timestamptz, timestamptz, text[], text[], integer[], timestamptz[])',
            'pump_service_states(timestamptz, text[])',
            'new_tube_rates(timestamptz, text[], boolean)']::regprocedure[] LOOP
            EXECUTE format('ALTER FUNCTION %s SET timescaledb.enable_runtime_exclusion = off', each_function);
        END LOOP;
    END IF;
END $$;
