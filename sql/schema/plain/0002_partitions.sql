-- Plain PostgreSQL: weekly partitions (Monday 00:00 UTC). Rows outside every week go to the DEFAULT partition, until
-- maintenance creates their week. time_bucket() is in a schema of its own: a public.time_bucket would make a later
-- CREATE EXTENSION timescaledb fail.
CREATE SCHEMA IF NOT EXISTS compat;
GRANT USAGE ON SCHEMA compat TO PUBLIC;

CREATE FUNCTION compat.time_bucket(bucket_width interval, ts timestamptz)
RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width) = 0
  THEN date_bin(bucket_width, ts, timestamptz '2000-01-03 00:00:00+00')
  ELSE (timestamp '2000-01-01' + make_interval(months =>
        (floor(((extract(year FROM ts AT TIME ZONE 'UTC') - 2000) * 12
                + extract(month FROM ts AT TIME ZONE 'UTC') - 1)
               / (extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width)))
         * (extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width)))::int)) AT TIME ZONE 'UTC'
  END;

CREATE FUNCTION compat.time_bucket(bucket_width interval, ts timestamptz, timezone text)
RETURNS timestamptz LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width) = 0
  THEN date_bin(bucket_width, ts AT TIME ZONE timezone, timestamp '2000-01-03 00:00:00') AT TIME ZONE timezone
  ELSE (timestamp '2000-01-01' + make_interval(months =>
        (floor(((extract(year FROM ts AT TIME ZONE timezone) - 2000) * 12
                + extract(month FROM ts AT TIME ZONE timezone) - 1)
               / (extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width)))
         * (extract(year FROM bucket_width) * 12 + extract(month FROM bucket_width)))::int)) AT TIME ZONE timezone
  END;

-- LIKE keeps one declaration of the columns for every flavour. The tables are still empty.
ALTER TABLE dosing_consumption RENAME TO dosing_shape;
CREATE TABLE dosing_consumption (LIKE dosing_shape INCLUDING ALL) PARTITION BY RANGE (time);
CREATE TABLE dosing_consumption_default PARTITION OF dosing_consumption DEFAULT;
DROP TABLE dosing_shape;

ALTER TABLE batch_events RENAME TO batch_shape;
CREATE TABLE batch_events (LIKE batch_shape INCLUDING ALL) PARTITION BY RANGE (time);
CREATE TABLE batch_events_default PARTITION OF batch_events DEFAULT;
DROP TABLE batch_shape;

ALTER TABLE inventory_levels RENAME TO inventory_shape;
CREATE TABLE inventory_levels (LIKE inventory_shape INCLUDING ALL) PARTITION BY RANGE (time);
CREATE TABLE inventory_levels_default PARTITION OF inventory_levels DEFAULT;
DROP TABLE inventory_shape;

-- Creates the missing weeks of [from_ts, to_ts); returns their number. Rows of a new week that are in the DEFAULT
-- partition are moved straight into the partition, so that no trigger counts them again.
CREATE FUNCTION compat.ensure_partitions(parent regclass, from_ts timestamptz, to_ts timestamptz)
RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    parent_name name := (SELECT relname FROM pg_class WHERE oid = parent);
    week timestamptz := date_bin('168 hours', from_ts, '2000-01-03 00:00:00+00');
    made integer := 0;
    part text;
BEGIN
    WHILE week < to_ts LOOP
        part := format('%s_p%s', parent_name, to_char(week AT TIME ZONE 'UTC', 'YYYYMMDD'));
        IF to_regclass(format('public.%I', part)) IS NULL THEN
            -- no row of this week may slip into the DEFAULT partition between here and ATTACH
            EXECUTE format('LOCK TABLE public.%I', parent_name || '_default');
            EXECUTE format('CREATE TABLE public.%I (LIKE %s INCLUDING DEFAULTS INCLUDING CONSTRAINTS)', part, parent);
            EXECUTE format('WITH moved AS (DELETE FROM public.%I WHERE time >= %L AND time < %L RETURNING *)'
                           ' INSERT INTO public.%I SELECT * FROM moved',
                           parent_name || '_default', week, week + interval '168 hours', part);
            EXECUTE format('ALTER TABLE %s ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                           parent, part, week, week + interval '168 hours');
            made := made + 1;
        END IF;
        week := week + interval '168 hours';
    END LOOP;
    RETURN made;
END $$;

-- Creates the weeks of the rows before to_ts in the DEFAULT partition; returns the number of weeks created.
CREATE FUNCTION compat.move_stray_rows(parent regclass, to_ts timestamptz)
RETURNS integer LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    strays text := format('public.%I', (SELECT relname FROM pg_class WHERE oid = parent) || '_default');
    week timestamptz;
    made integer := 0;
BEGIN
    FOR week IN EXECUTE format(
        'SELECT DISTINCT date_bin(''168 hours'', time, ''2000-01-03 00:00:00+00'') FROM %s WHERE time < %L', strays, to_ts)
    LOOP
        made := made + compat.ensure_partitions(parent, week, week + interval '1 hour');
    END LOOP;
    RETURN made;
END $$;

-- Drops the weeks that ended at or before ended_by, and rows as old in the DEFAULT partition; returns the weeks' names.
CREATE FUNCTION compat.drop_partitions(parent regclass, ended_by timestamptz)
RETURNS SETOF text LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    part record;
BEGIN
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
    EXECUTE format('DELETE FROM public.%I WHERE time < %L',
                   (SELECT relname FROM pg_class WHERE oid = parent) || '_default', ended_by);
END $$;
