-- The weeks of a table of readings that may hold rows, by name.
CREATE FUNCTION list_reading_parts(of_table text) RETURNS TABLE (part text, span tstzrange)
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    week record;
    is_used boolean;
BEGIN
    FOR week IN
        SELECT c.relname, b.bounds[1]::timestamptz AS since, b.bounds[2]::timestamptz AS until
          FROM pg_inherits AS i
          JOIN pg_class AS c ON c.oid = i.inhrelid
         CROSS JOIN LATERAL regexp_match(pg_get_expr(c.relpartbound, c.oid),
                                         'FROM \(''([^'']+)''\) TO \(''([^'']+)''\)') AS b (bounds)
         WHERE i.inhparent = to_regclass(format('public.%I', of_table)) AND b.bounds IS NOT NULL
    LOOP
        CONTINUE WHEN week.since > now();
        -- weeks are made ahead: those that have held nothing are none
        EXECUTE format('SELECT EXISTS (SELECT FROM public.%I)', week.relname) INTO is_used;
        IF is_used THEN
            part := week.relname;
            span := tstzrange(week.since, week.until);
            RETURN NEXT;
        END IF;
    END LOOP;
END $$;
