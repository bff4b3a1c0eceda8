-- Journal entries of a site in [from, to), below the id before, newest first. A filter that is NULL matches every entry.
-- Those with a time that no program can read are left out.
SELECT id, uuid, rule, device_id, item, event, at, received_at, priority, rule_version, message, value::float8,
       limit_value::float8, latching, active, occurrence, until, author, os_user, db_role, offline, comment
  FROM alarm_journal
 WHERE site = %(site)s
   AND at >= %(from)s
   AND (at, id) < (%(to)s, %(before)s::bigint)
   AND is_sane_time(received_at)
   AND coalesce(is_sane_time(until), true)
   AND (%(device)s::text[] IS NULL OR device_id = ANY (%(device)s))
   AND (%(tag)s::text IS NULL
        OR strpos(lower(concat_ws('/', rule, nullif(device_id, ''), nullif(item, ''))), lower(%(tag)s)) > 0)
   AND (%(rules)s::text[] IS NULL
        OR (rule, device_id, item) IN (
           SELECT one.rule, one.device, one.item
             FROM unnest(%(rules)s::text[], %(devices)s::text[], %(items)s::text[]) AS one (rule, device, item)))
   AND (%(event)s::text[] IS NULL OR event = ANY (%(event)s))
   AND (%(user)s::text IS NULL OR lower(%(user)s) IN (lower(author), lower(os_user))
        OR NOT offline AND lower(db_role) = lower(%(user)s))
 ORDER BY at DESC, id DESC
 LIMIT %(rows)s
