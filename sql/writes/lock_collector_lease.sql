-- The last statement of a leader's transaction: no row if another process was elected, else none is until COMMIT.
SELECT epoch
  FROM collector_leases
 WHERE site = %(site)s AND holder = %(holder)s AND epoch = %(epoch)s
   FOR KEY SHARE
