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

-- Rows of an adopted database that the keys and checks cannot hold, whole, with the reason.
CREATE TABLE rows_set_aside (
    table_name text        NOT NULL,
    row        jsonb       NOT NULL,
    reason     text        NOT NULL,
    at         timestamptz NOT NULL DEFAULT now()
);
