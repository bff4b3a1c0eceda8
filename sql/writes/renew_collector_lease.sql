-- The heartbeat of a leader; no row if another process was elected.
UPDATE collector_leases
   SET beat = beat + 1, backend_pid = pg_backend_pid(), renewed_at = clock_timestamp()
 WHERE site = %(site)s AND holder = %(holder)s AND epoch = %(epoch)s
RETURNING beat
