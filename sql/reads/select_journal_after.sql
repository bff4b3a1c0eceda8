-- Journal entries of a site after an id, in order. Those with a time that no program can read are left out.
SELECT id, uuid, rule, device_id, item, event, at, received_at, priority, rule_version, message, value::float8,
       limit_value::float8, latching, active, occurrence, until, author, os_user, db_role, offline, comment
  FROM alarm_journal
 WHERE site = %(site)s
   AND id > %(after)s
   AND is_sane_time(received_at)
   AND coalesce(is_sane_time(until), true)
 ORDER BY id
 LIMIT %(rows)s
