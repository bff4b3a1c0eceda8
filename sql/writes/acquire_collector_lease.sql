-- Become the site's leader unless the lease has changed since it was read; returns the new epoch.
INSERT INTO collector_leases AS lease (site, epoch, holder, holder_name, backend_pid)
VALUES (%(site)s, 1, %(holder)s, %(holder_name)s, pg_backend_pid())
ON CONFLICT (site) DO UPDATE
   SET epoch = lease.epoch + 1, holder = excluded.holder, holder_name = excluded.holder_name,
       backend_pid = excluded.backend_pid, beat = lease.beat + 1, renewed_at = excluded.renewed_at
 WHERE lease.epoch = %(epoch)s AND lease.beat = %(beat)s
RETURNING epoch
