-- The newest that one of these readers kept of what a site's journal had come to, up to a row, if it was by this fold
-- and its last row is still there.
SELECT kept.last_id, kept.known
  FROM alarm_checkpoints AS kept
 WHERE kept.site = %(site)s
   AND kept.reader = ANY (%(readers)s::text[])
   AND kept.fold = %(fold)s
   AND (%(upto)s::bigint IS NULL OR kept.last_id <= %(upto)s::bigint)
   AND EXISTS (SELECT FROM alarm_journal AS entry WHERE entry.id = kept.last_id AND entry.site = kept.site)
 ORDER BY kept.last_id DESC
 LIMIT 1
