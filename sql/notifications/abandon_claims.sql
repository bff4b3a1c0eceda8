-- Claims of an ended process become 'unknown': neither they nor the members of a summary among them are re-sent.
-- Returns their channels. own_ids: claims of the process that asks, whose attempts still run.
  WITH ended AS (
       UPDATE alarm_notifications
          SET fate = 'unknown', settled_at = %(now)s::timestamptz
        WHERE site = %(site)s
          AND fate = 'claimed'
          AND claimed_at < %(before)s::timestamptz
          AND id <> ALL (%(own_ids)s::bigint[])
       RETURNING id, channel),
       with_it AS (
       UPDATE alarm_notifications AS member
          SET fate = 'unknown', settled_at = %(now)s::timestamptz
         FROM ended
        WHERE member.summary = ended.id
          AND member.fate = 'summarised')
SELECT channel
  FROM ended
 ORDER BY id
