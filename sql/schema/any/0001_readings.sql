-- Readings: the guide's three tables. Its columns come first, then identity, receipt and quality.
-- dedup is part of a reading's identity: the station's sequence number, else a hash of the payload. A redelivered
-- message is stored once; two doses in one second are two rows. Missing recipe or mode is '', as NULL is never unique.
-- The mass checks also exclude NaN (it sorts above every number) and infinity, which would spoil every sum.
CREATE TABLE dosing_consumption (
    time         timestamptz      NOT NULL,
    device_id    text             NOT NULL,
    pump         integer          NOT NULL,
    chemical     text             NOT NULL,
    target_g     double precision,
    actual_g     double precision,
    error_g      double precision,
    recipe       text             NOT NULL DEFAULT '',
    mode         text             NOT NULL DEFAULT '',
    duration_ms  bigint,
    dedup        integer          NOT NULL DEFAULT 0,
    received_at  timestamptz      NOT NULL DEFAULT now(),
    time_quality text             NOT NULL DEFAULT 'device',
    flags        text[],
    CONSTRAINT dosing_time_sane CHECK (time >= '2020-01-01 00:00:00+00' AND time < '2100-01-01 00:00:00+00'),
    CONSTRAINT dosing_mass_sane CHECK (target_g BETWEEN -1e12 AND 1e12 AND actual_g BETWEEN -1e12 AND 1e12
                                       AND error_g BETWEEN -1e12 AND 1e12),
    CONSTRAINT dosing_duration_sane CHECK (duration_ms BETWEEN -1000000000000 AND 1000000000000),
    CONSTRAINT dosing_text_short CHECK (octet_length(device_id) <= 512 AND octet_length(chemical) <= 512
                                        AND octet_length(recipe) <= 512 AND octet_length(mode) <= 512)
);

CREATE TABLE batch_events (
    time         timestamptz      NOT NULL,
    device_id    text             NOT NULL,
    event        text             NOT NULL,
    recipe       text             NOT NULL DEFAULT '',
    pumps        integer,
    dedup        integer          NOT NULL DEFAULT 0,
    received_at  timestamptz      NOT NULL DEFAULT now(),
    time_quality text             NOT NULL DEFAULT 'device',
    flags        text[],
    CONSTRAINT batch_time_sane CHECK (time >= '2020-01-01 00:00:00+00' AND time < '2100-01-01 00:00:00+00'),
    CONSTRAINT batch_text_short CHECK (octet_length(device_id) <= 512 AND octet_length(event) <= 512
                                       AND octet_length(recipe) <= 512)
);

CREATE TABLE inventory_levels (
    time         timestamptz      NOT NULL,
    device_id    text             NOT NULL,
    chemical     text             NOT NULL,
    remaining_g  double precision,
    capacity_g   double precision,
    percent_full double precision,
    dedup        integer          NOT NULL DEFAULT 0,
    received_at  timestamptz      NOT NULL DEFAULT now(),
    time_quality text             NOT NULL DEFAULT 'device',
    flags        text[],
    CONSTRAINT inventory_time_sane CHECK (time >= '2020-01-01 00:00:00+00' AND time < '2100-01-01 00:00:00+00'),
    CONSTRAINT inventory_level_sane CHECK (remaining_g BETWEEN -1e12 AND 1e12
                                           AND capacity_g BETWEEN -1e12 AND 1e12
                                           AND percent_full BETWEEN -1e12 AND 1e12),
    CONSTRAINT inventory_text_short CHECK (octet_length(device_id) <= 512 AND octet_length(chemical) <= 512)
);
