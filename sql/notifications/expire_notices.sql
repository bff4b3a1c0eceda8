-- Fail notices that were not sent in time, a summary with all its members. Returns the ids of the messages and their
-- last reasons.
  WITH given_up AS (
       UPDATE alarm_notifications
          SET fate = 'failed', settled_at = %(now)s::timestamptz
        WHERE site = %(site)s
          AND channel = %(channel)s
          AND fate = 'waiting'
          AND due_at < %(before)s::timestamptz
       RETURNING id, reason),
       with_it AS (
       UPDATE alarm_notifications AS member
          SET fate = 'failed', settled_at = %(now)s::timestamptz, reason = given_up.reason
         FROM given_up
        WHERE member.summary = given_up.id
          AND member.fate = 'summarised')
SELECT id, reason
  FROM given_up
 ORDER BY id
