-- What the collector answers for: every unit it took is stored, a duplicate, or here with its reason.
CREATE TABLE rejected_messages (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL,
    topic       text        NOT NULL,
    record      bytea       NOT NULL,
    reason      text        NOT NULL,
    digest      bytea       NOT NULL GENERATED ALWAYS AS (sha256(record)) STORED,
    CONSTRAINT rejected_messages_once UNIQUE (received_at, topic, digest)
);

-- One row per spool: how far it has been written and what became of its units.
CREATE TABLE collector_books (
    spool_id   uuid        PRIMARY KEY,
    site       text        NOT NULL,
    last_seq   bigint      NOT NULL DEFAULT 0,
    stored     bigint      NOT NULL DEFAULT 0,
    duplicates bigint      NOT NULL DEFAULT 0,
    rejected   bigint      NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Adoption of a database that the guide's SQL made: its tables wait under old_name while their rows are copied
-- in slices of time. Rows before copied_to are done; rows at or after sane_until, or before 2020, are set aside.
CREATE TABLE adoptions (
    table_name  text        PRIMARY KEY,
    old_name    text        NOT NULL,
    sane_until  timestamptz NOT NULL DEFAULT now() + INTERVAL '10 minutes',
    copied_to   timestamptz NOT NULL DEFAULT '-infinity',
    rows        bigint      NOT NULL DEFAULT 0,  -- counted when copying begins
    copied      bigint      NOT NULL DEFAULT 0,
    set_aside   bigint      NOT NULL DEFAULT 0,
    finished_at timestamptz
);
GRANT SELECT ON adoptions TO PUBLIC;

-- Rows of an adopted database that the keys and checks cannot hold, whole, with the reason.
CREATE TABLE rows_set_aside (
    table_name text        NOT NULL,
    row        jsonb       NOT NULL,
    reason     text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
);

-- Hours of an adopted continuous aggregate that are older than the adopted doses, as they were.
CREATE TABLE dosing_hourly_history (
    bucket          timestamptz      NOT NULL,
    device_id       text             NOT NULL,
    chemical        text             NOT NULL,
    recipe          text             NOT NULL,
    mode            text             NOT NULL,
    dose_count      bigint           NOT NULL,
    total_grams     double precision,
    avg_grams       double precision,
    avg_error       double precision,
    avg_duration_ms numeric
);
CREATE INDEX dosing_hourly_history_bucket ON dosing_hourly_history (bucket);
