-- Store a station's report, and what has changed with it. What a report leaves out stays, what it says in an unusable way
-- (unusable) is NULL. A kept state that only confirms the stored one leaves since when it holds. A station that was offline
-- and now sends a report without a word is online.
WITH before AS MATERIALIZED (
SELECT status, boot_id, firmware
  FROM station_status
 WHERE device_id = %(device_id)s::text
   FOR UPDATE
), told AS (
SELECT CASE WHEN NOT %(is_cleared)s::boolean
            THEN coalesce(%(status)s::text,
                          CASE WHEN b.status = 'offline' AND NOT %(is_retained)s::boolean THEN 'online' END, b.status)
            END AS status
  FROM (VALUES (true)) AS one (row)
  LEFT JOIN before AS b ON one.row
), stored AS (
INSERT INTO station_status AS s (device_id, status, status_since, reported_at, is_retained, boot_id, seq, rssi_dbm, firmware,
                                 heap_free_bytes, uptime_ms, flags)
SELECT %(device_id)s::text, t.status,
       CASE WHEN t.status IS NOT NULL AND NOT %(is_retained)s::boolean THEN %(received_at)s::timestamptz END,
       %(received_at)s::timestamptz, %(is_retained)s::boolean, %(boot_id)s::text, %(seq)s::bigint, %(rssi_dbm)s::integer,
       %(firmware)s::text, %(heap_free_bytes)s::bigint, %(uptime_ms)s::bigint, %(flags)s::text[]
  FROM told AS t
ON CONFLICT (device_id) DO UPDATE
   SET status = excluded.status,
       status_since = CASE WHEN excluded.status = s.status THEN s.status_since ELSE excluded.status_since END,
       reported_at = CASE WHEN excluded.is_retained AND excluded.status = s.status THEN s.reported_at
                          ELSE excluded.reported_at END,
       is_retained = excluded.is_retained AND (excluded.status IS DISTINCT FROM s.status OR s.is_retained),
       boot_id = CASE WHEN 'boot_id' = ANY (%(unusable)s::text[]) THEN NULL ELSE coalesce(excluded.boot_id, s.boot_id) END,
       seq = CASE WHEN 'seq' = ANY (%(unusable)s::text[]) THEN NULL ELSE coalesce(excluded.seq, s.seq) END,
       rssi_dbm = CASE WHEN 'rssi_dbm' = ANY (%(unusable)s::text[]) THEN NULL ELSE coalesce(excluded.rssi_dbm, s.rssi_dbm) END,
       firmware = CASE WHEN 'firmware' = ANY (%(unusable)s::text[]) THEN NULL ELSE coalesce(excluded.firmware, s.firmware) END,
       heap_free_bytes = CASE WHEN 'heap_free_bytes' = ANY (%(unusable)s::text[]) THEN NULL
                              ELSE coalesce(excluded.heap_free_bytes, s.heap_free_bytes) END,
       uptime_ms = CASE WHEN 'uptime_ms' = ANY (%(unusable)s::text[]) THEN NULL
                        ELSE coalesce(excluded.uptime_ms, s.uptime_ms) END,
       flags = CASE WHEN excluded.status = 'offline' THEN s.flags ELSE excluded.flags END
)
INSERT INTO station_changes (device_id, at, is_time_known, kind, detail)
SELECT %(device_id)s::text, %(received_at)s::timestamptz, NOT %(is_retained)s::boolean, change.kind, change.detail
  FROM (SELECT 1 AS place, t.status AS kind, '' AS detail
          FROM told AS t
         WHERE t.status IS NOT NULL AND t.status IS DISTINCT FROM (SELECT status FROM before)
         UNION ALL
        SELECT 2, 'restart', %(boot_id)s::text
         WHERE %(boot_id)s::text <> (SELECT boot_id FROM before)
         UNION ALL
        SELECT 3, 'firmware', %(firmware)s::text
         WHERE %(firmware)s::text <> (SELECT firmware FROM before)) AS change
 ORDER BY change.place
