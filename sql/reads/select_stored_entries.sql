-- Which of these entries the journal holds.
SELECT uuid
  FROM alarm_journal
 WHERE uuid = ANY (%(uuid)s::uuid[])
