-- How long rows are kept: set from [retention] by migrate. keep_days is NULL while nothing is dropped. An adopted table
-- is not decided: its rows may be older than the policy, and nobody has been asked yet.
CREATE TABLE data_retention (
    table_name text        PRIMARY KEY,
    keep_days  integer     CHECK (keep_days > 0),
    is_decided boolean     NOT NULL DEFAULT true,
    decided_at timestamptz DEFAULT now(),
    decided_by text        DEFAULT session_user,
    CHECK (is_decided = (decided_at IS NOT NULL) AND is_decided = (decided_by IS NOT NULL))
);
GRANT SELECT ON data_retention TO PUBLIC;
INSERT INTO data_retention (table_name, keep_days)
VALUES ('dosing_consumption', 90), ('batch_events', 90), ('inventory_levels', 90), ('sums', 730);
