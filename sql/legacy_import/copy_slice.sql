-- Copies the rows with since <= time < until; returns (read, copied, rejected, flagged). Names and expressions in braces are filled
-- in for each table. A row is stored once: its duplicates, and rows that the new table refuses, are rejected with the
-- reason.
WITH slice AS (
    SELECT {reads}, {extra} o AS _whole
      FROM {old} AS o
     WHERE o.time >= %(since)s AND o.time < %(until)s
), named AS (
    SELECT s.*, {dedup} AS dedup, {flags} AS flags, {reason} AS _reason
      FROM slice AS s
), judged AS (
    SELECT n.*, row_number() OVER (PARTITION BY _reason IS NULL, {key}) AS _nth
      FROM named AS n
), i AS (
    INSERT INTO {new} ({target})
    SELECT {source}, dedup, least(time, now()), %(time_quality)s, flags
      FROM judged
     WHERE _reason IS NULL AND _nth = 1
    ON CONFLICT DO NOTHING
    RETURNING {key}, flags
), aside AS (
    INSERT INTO legacy_import_rejects (table_name, row, reason)
    SELECT %(table)s, to_jsonb(j._whole), coalesce(j._reason, 'a copy of another row')
      FROM judged AS j
      LEFT JOIN i ON j._reason IS NULL AND j._nth = 1 AND {same}
     WHERE i.time IS NULL
    RETURNING 1
)
SELECT (SELECT count(*) FROM slice), (SELECT count(*) FROM i), (SELECT count(*) FROM aside),
       (SELECT count(flags) FROM i)
