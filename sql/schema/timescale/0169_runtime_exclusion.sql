-- As in timescale/0162, the functions of pumps: a target's or a pump's doses are looked up by its own times.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_settings AS s WHERE s.name = 'timescaledb.enable_runtime_exclusion') THEN
        ALTER FUNCTION pump_sums(timestamptz, timestamptz, text[], text[], integer[], timestamptz[])
            SET timescaledb.enable_runtime_exclusion = off;
        ALTER FUNCTION pump_service_states(timestamptz, text[]) SET timescaledb.enable_runtime_exclusion = off;
        ALTER FUNCTION new_tube_rates(timestamptz, text[], boolean) SET timescaledb.enable_runtime_exclusion = off;
    END IF;
END $$;
