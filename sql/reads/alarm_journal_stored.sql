-- Which of these entries the journal has.
SELECT uuid
  FROM alarm_journal
 WHERE uuid = ANY (%(uuid)s::uuid[])
