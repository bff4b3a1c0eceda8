-- The newest stored batches of a station that begin in [from, before), newest first: a rebuild may go on from one of them.
SELECT anchor, anchored_at, status, last_at, doses
  FROM batches
 WHERE device_id = %(device)s AND NOT gone AND anchored_at >= %(from)s AND anchored_at < %(before)s
 ORDER BY anchored_at DESC
 LIMIT %(rows)s
