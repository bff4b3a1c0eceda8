-- The newest level of each tank and the last sign of life of each station, kept by statement triggers: every
-- writer feeds them (the collector, Telegraf, psql), so no writer has to. They run with the rights of their
-- owner: a role that may insert readings needs no right on these tables.
-- "Newest" cannot be later than the receipt: a station whose clock runs ahead does not hide the readings that
-- follow. Equal times are decided by receipt, then dedup, so the result does not depend on the order of arrival.
CREATE TABLE inventory_last (
    device_id    text             NOT NULL,
    chemical     text             NOT NULL,
    time         timestamptz      NOT NULL,
    remaining_g  double precision,
    capacity_g   double precision,
    percent_full double precision,
    dedup        integer          NOT NULL,
    received_at  timestamptz      NOT NULL,
    time_quality text             NOT NULL,
    flags        text[],
    PRIMARY KEY (device_id, chemical)
) WITH (fillfactor = 50);

CREATE TABLE device_last_seen (
    device_id   text        PRIMARY KEY,
    last_time   timestamptz NOT NULL,
    received_at timestamptz NOT NULL
) WITH (fillfactor = 50);

CREATE VIEW latest_inventory AS
SELECT time, device_id, chemical, remaining_g, capacity_g, percent_full, received_at, time_quality, flags
  FROM inventory_last;

CREATE FUNCTION keep_last_seen() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO device_last_seen AS l (device_id, last_time, received_at)
    SELECT device_id, max(least(time, received_at)), max(received_at)
      FROM new_rows GROUP BY device_id ORDER BY device_id
    ON CONFLICT (device_id) DO UPDATE
       SET last_time = greatest(l.last_time, excluded.last_time),
           received_at = greatest(l.received_at, excluded.received_at);
    RETURN NULL;
END $$;

CREATE FUNCTION keep_inventory_last() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
BEGIN
    INSERT INTO inventory_last AS l (device_id, chemical, time, remaining_g, capacity_g, percent_full,
                                     dedup, received_at, time_quality, flags)
    SELECT DISTINCT ON (device_id, chemical)
           device_id, chemical, time, remaining_g, capacity_g, percent_full, dedup, received_at, time_quality, flags
      FROM new_rows
     ORDER BY device_id, chemical, least(time, received_at) DESC, received_at DESC, dedup DESC
    ON CONFLICT (device_id, chemical) DO UPDATE
       SET time = excluded.time, remaining_g = excluded.remaining_g, capacity_g = excluded.capacity_g,
           percent_full = excluded.percent_full, dedup = excluded.dedup, received_at = excluded.received_at,
           time_quality = excluded.time_quality, flags = excluded.flags
     WHERE (least(l.time, l.received_at), l.received_at, l.dedup)
         < (least(excluded.time, excluded.received_at), excluded.received_at, excluded.dedup);
    RETURN NULL;
END $$;

CREATE TRIGGER keep_last_seen AFTER INSERT ON dosing_consumption
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_last_seen();
CREATE TRIGGER keep_last_seen AFTER INSERT ON batch_events
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_last_seen();
CREATE TRIGGER keep_last_seen AFTER INSERT ON inventory_levels
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_last_seen();
CREATE TRIGGER keep_inventory_last AFTER INSERT ON inventory_levels
    REFERENCING NEW TABLE AS new_rows FOR EACH STATEMENT EXECUTE FUNCTION keep_inventory_last();
