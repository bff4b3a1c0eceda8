-- Add notices to a summary, which replaces them; the row count is the number still waiting.
UPDATE alarm_notifications
   SET fate = 'summarised', summary = %(summary)s, settled_at = %(now)s::timestamptz
 WHERE id = ANY (%(ids)s::bigint[])
   AND fate = 'waiting'
