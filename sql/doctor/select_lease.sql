-- Who collects for a site, and the seconds since the last heartbeat.
SELECT holder_name,
       holder IS NULL AS is_released,
       extract(epoch FROM clock_timestamp() - renewed_at)::float8 AS silent_s
  FROM collector_leases
 WHERE site = %(site)s
