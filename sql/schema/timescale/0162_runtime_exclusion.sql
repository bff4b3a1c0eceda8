-- These functions look tanks up one by one, in chunks that are left out once, at the start. To leave chunks out again at each of
-- hundreds of looks takes three times as long as to look.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_settings AS s WHERE s.name = 'timescaledb.enable_runtime_exclusion') THEN
        ALTER FUNCTION count_tank_days(text, timestamptz, text[], date[], text[]) SET timescaledb.enable_runtime_exclusion = off;
        ALTER FUNCTION compute_tank_books(text[], text[], timestamptz[], boolean[]) SET timescaledb.enable_runtime_exclusion = off;
    END IF;
END $$;
