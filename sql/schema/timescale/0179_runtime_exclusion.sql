-- As timescale/0169, of a function that was made anew.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_settings AS s WHERE s.name = 'timescaledb.enable_runtime_exclusion') THEN
        ALTER FUNCTION pump_sums(timestamptz, timestamptz, text[], text[], integer[], timestamptz[])
            SET timescaledb.enable_runtime_exclusion = off;
    END IF;
END $$;
