-- Give up leadership: the next process that asks is elected at once.
UPDATE collector_leases
   SET holder = NULL, beat = beat + 1
 WHERE site = %(site)s AND holder = %(holder)s AND epoch = %(epoch)s
