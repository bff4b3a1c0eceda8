-- The lease of a site; is_session_gone: the holder's session has ended.
SELECT epoch, beat, holder IS NULL AS is_released,
       NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = backend_pid) AS is_session_gone
  FROM collector_leases
 WHERE site = %(site)s
