-- What stations tell of themselves: the status topic with its last will, and the gaps in their sequence numbers. A station
-- that sends neither has no row. docs/presence.md.
CREATE TABLE station_status (
    device_id       text        PRIMARY KEY,
    status          text,                 -- online, offline; NULL: it never said, or took it back
    status_since    timestamptz,          -- NULL: the broker kept the state, and since when it holds is not known
    reported_at     timestamptz,          -- receipt of the last report; of a kept one, when it was read
    is_retained     boolean     NOT NULL DEFAULT false,
    boot_id         text,
    seq             bigint,
    rssi_dbm        integer,
    firmware        text,
    heap_free_bytes bigint,
    uptime_ms       bigint,
    flags           text[],
    messages_lost   bigint,               -- NULL: it does not number its messages
    last_lost_at    timestamptz,
    CONSTRAINT station_status_word CHECK (status IN ('online', 'offline')),
    CONSTRAINT station_status_short CHECK (octet_length(device_id) <= 512 AND octet_length(boot_id) <= 512
        AND octet_length(firmware) <= 512)
) WITH (fillfactor = 50);

-- The newest changes of each station: the collector deletes those beyond 500.
CREATE TABLE station_changes (
    id            bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    device_id     text        NOT NULL,
    at            timestamptz NOT NULL,     -- when the collector learned it
    is_time_known boolean     NOT NULL,     -- false: it happened at some time before
    kind          text        NOT NULL,
    detail        text        NOT NULL DEFAULT '',
    lost          bigint      NOT NULL DEFAULT 0,  -- of kind lost: messages; negative for those that came after all
    CONSTRAINT station_change_known CHECK (kind IN ('online', 'offline', 'restart', 'firmware', 'lost')),
    CONSTRAINT station_change_short CHECK (octet_length(device_id) <= 512 AND octet_length(detail) <= 512)
);
CREATE INDEX station_changes_device ON station_changes (device_id, id);

SELECT copy_dose_grants('public.station_status, public.station_changes',
    'INSERT, UPDATE ON public.station_status', 'INSERT, DELETE ON public.station_changes');
