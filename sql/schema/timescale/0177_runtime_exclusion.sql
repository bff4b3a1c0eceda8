-- As timescale/0169, of functions that were made anew.
DO $$
DECLARE
    each_function regprocedure;
BEGIN
    IF EXISTS (SELECT FROM pg_settings AS s WHERE s.name = 'timescaledb.enable_runtime_exclusion') THEN
        FOREACH each_function IN ARRAY ARRAY[
            'count_tank_days(text, timestamptz, text[], date[], text[])',
            'pump_sums(timestamptz, timestamptz, text[], text[], integer[], timestamptz[])',
            'pump_service_states(timestamptz, text[])',
            'new_tube_rates(timestamptz, text[], boolean)']::regprocedure[] LOOP
            EXECUTE format('ALTER FUNCTION %s SET timescaledb.enable_runtime_exclusion = off', each_function);
        END LOOP;
    END IF;
END $$;
