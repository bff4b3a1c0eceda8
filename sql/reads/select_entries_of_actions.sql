-- The journal of the alarms that these entries are about, in order: after a journal row, up to the last of the entries.
  WITH asked AS (
       SELECT id, site, rule, device_id, item
         FROM alarm_journal
        WHERE uuid = ANY (%(uuid)s::uuid[])
          AND site = %(site)s)
SELECT j.id, j.uuid, j.rule, j.device_id, j.item, j.event, j.at, j.received_at, j.priority, j.rule_version, j.message,
       j.value::float8, j.limit_value::float8, j.latching, j.active, j.occurrence, j.until, j.author, j.os_user, j.db_role,
       j.offline, j.comment
  FROM (SELECT DISTINCT site, rule, device_id, item FROM asked) AS alarm
  JOIN alarm_journal AS j
    ON (j.site, j.rule, j.device_id, j.item) = (alarm.site, alarm.rule, alarm.device_id, alarm.item)
 WHERE j.id > %(after)s
   AND j.id <= (SELECT max(id) FROM asked)
   AND is_sane_time(j.received_at)
   AND coalesce(is_sane_time(j.until), true)
 ORDER BY j.id
