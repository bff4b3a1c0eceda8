-- Rejects rows of times whose readings were dropped; returns their number. The name in braces is filled in.
WITH gone AS (
    DELETE FROM {old} AS o
     USING dropped_readings AS d
     WHERE d.table_name = %(table)s AND o.time <@ d.spans
    RETURNING to_jsonb(o) AS row_values
), aside AS (
    INSERT INTO legacy_import_rejects (table_name, row, reason)
    SELECT %(table)s, row_values, 'retention has dropped the readings of this time: it may have been counted already'
      FROM gone
    RETURNING 1
)
SELECT count(*) FROM aside
