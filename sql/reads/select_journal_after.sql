-- Journal entries of a site after an id, in order.
SELECT id, uuid, rule, device_id, item, event, at, received_at, priority, rule_version, message, value::float8,
       limit_value::float8, latching, active, occurrence, until, author, os_user, db_role, offline, comment
  FROM alarm_journal
 WHERE site = %(site)s
   AND id > %(after)s
 ORDER BY id
 LIMIT %(rows)s
