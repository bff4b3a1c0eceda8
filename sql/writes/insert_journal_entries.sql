-- Add journal entries in order, each once.
INSERT INTO alarm_journal (uuid, site, rule, device_id, item, event, at, received_at, priority, rule_version, message,
                           value, limit_value, latching, active, occurrence, until, author, os_user, offline, comment)
SELECT given.uuid, %(site)s, given.rule, given.device_id, given.item, given.event, given.at, given.received_at,
       given.priority, given.rule_version, given.message, given.value, given.limit_value, given.latching, given.active,
       given.occurrence, given.until, given.author, given.os_user, given.offline, given.comment
  FROM unnest(%(uuid)s::uuid[], %(rule)s::text[], %(device_id)s::text[], %(item)s::text[], %(event)s::text[],
              %(at)s::timestamptz[], %(received_at)s::timestamptz[], %(priority)s::text[], %(rule_version)s::int[],
              %(message)s::text[], %(value)s::float8[], %(limit_value)s::float8[], %(latching)s::bool[],
              %(active)s::bool[], %(occurrence)s::uuid[], %(until)s::timestamptz[], %(author)s::text[],
              %(os_user)s::text[], %(offline)s::bool[], %(comment)s::text[])
       WITH ORDINALITY AS given (uuid, rule, device_id, item, event, at, received_at, priority, rule_version, message,
                                 value, limit_value, latching, active, occurrence, until, author, os_user, offline,
                                 comment, place)
 ORDER BY given.place
    ON CONFLICT (uuid) DO NOTHING
