-- Drops the weeks that ended at or before ended_by, and the rows of such weeks in the DEFAULT partition; returns the weeks' names.
CREATE OR REPLACE FUNCTION compat.drop_partitions(parent regclass, ended_by timestamptz)
RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    part record;
    parent_name text := (SELECT relname FROM pg_class WHERE oid = parent);
BEGIN
    PERFORM note_dropped_readings();  -- while what is in them can be seen
    FOR part IN
        SELECT c.oid::regclass AS name,
               (regexp_match(pg_get_expr(c.relpartbound, c.oid), 'TO \(''([^'']+)''\)'))[1]::timestamptz AS ends
          FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid
         WHERE i.inhparent = parent
    LOOP
        IF part.ends <= ended_by THEN
            EXECUTE format('DROP TABLE %s', part.name);
            RETURN NEXT part.name::text;
        END IF;
    END LOOP;
    EXECUTE format('WITH gone AS (DELETE FROM public.%1$I WHERE time < date_bin(''168 hours'', %2$L::timestamptz, ''2000-01-03 00:00:00+00'')'
                   ' RETURNING date_bin(''168 hours'', time, ''2000-01-03 00:00:00+00'') AS week)'
                   ' UPDATE public.dropped_readings AS d SET spans = d.spans + g.spans'
                   ' FROM (SELECT range_agg(tstzrange(week, week + INTERVAL ''168 hours'')) AS spans FROM gone) AS g'
                   ' WHERE d.table_name = %3$L AND g.spans IS NOT NULL',
                   parent_name || '_default', ended_by, parent_name);
    PERFORM note_dropped_readings();
END $$;
