-- What became of every message: stored, a duplicate, or kept here with the reason for its rejection.
CREATE TABLE rejected_messages (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    received_at timestamptz NOT NULL,
    topic       text        NOT NULL,
    record      bytea       NOT NULL,
    reason      text        NOT NULL,
    digest      bytea       NOT NULL GENERATED ALWAYS AS (sha256(record)) STORED,
    CONSTRAINT rejected_messages_once UNIQUE (received_at, topic, digest)
);

-- One row for each spool: the last message written to the database, and the number of each result.
CREATE TABLE spool_progress (
    spool_id   uuid        PRIMARY KEY,
    site       text        NOT NULL,
    last_seq   bigint      NOT NULL DEFAULT 0,
    stored     bigint      NOT NULL DEFAULT 0,
    duplicates bigint      NOT NULL DEFAULT 0,
    rejected   bigint      NOT NULL DEFAULT 0,
    updated_at timestamptz NOT NULL DEFAULT now()
);

-- Import of a database made with the guide's SQL: its tables keep their rows under old_name while slices of time
-- are copied. Rows before copied_to are done; rows before 2020, or at or after sane_until, are rejected.
CREATE TABLE legacy_imports (
    table_name  text        PRIMARY KEY,
    old_name    text        NOT NULL,
    sane_until  timestamptz NOT NULL DEFAULT now() + INTERVAL '10 minutes',
    copied_to   timestamptz NOT NULL DEFAULT '-infinity',
    rows        bigint      NOT NULL DEFAULT 0,  -- counted when copying begins
    copied      bigint      NOT NULL DEFAULT 0,
    set_aside   bigint      NOT NULL DEFAULT 0,
    finished_at timestamptz
);
GRANT SELECT ON legacy_imports TO PUBLIC;

-- Rows of an imported database that the keys or checks refuse: the whole row and the reason.
CREATE TABLE legacy_import_rejects (
    table_name text        NOT NULL,
    row        jsonb       NOT NULL,
    reason     text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
);

-- Hours of an imported continuous aggregate that are older than the imported doses, unchanged.
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
