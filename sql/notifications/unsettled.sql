-- Claims of a process that ended before it knew: they are not sent again, nor what a summary among them tells of.
-- Answers whose they were.
  WITH ended AS (
       UPDATE alarm_notifications
          SET fate = 'unknown', settled_at = %(now)s::timestamptz
        WHERE site = %(site)s
          AND fate = 'claimed'
          AND claimed_at < %(before)s::timestamptz
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
