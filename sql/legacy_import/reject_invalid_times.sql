-- Rejects rows whose time is in no slice; returns their number. The name in braces is filled in.
WITH aside AS (
    INSERT INTO legacy_import_rejects (table_name, row, reason)
    SELECT %(table)s, to_jsonb(o), 'time is ' || coalesce(o.time::text, 'missing')
      FROM {old} AS o
     WHERE o.time IS NULL OR o.time < %(sane_from)s::timestamptz OR o.time >= %(sane_until)s::timestamptz
    RETURNING 1
)
SELECT count(*) FROM aside
