-- The newest checkpoint of one of these readers, up to a journal row, if its version is this one and its last row still
-- exists.
SELECT kept.last_id, kept.known
  FROM alarm_checkpoints AS kept
 WHERE kept.site = %(site)s
   AND kept.reader = ANY (%(readers)s::text[])
   AND kept.fold = %(fold)s
   AND (%(upto)s::bigint IS NULL OR kept.last_id <= %(upto)s::bigint)
   AND EXISTS (SELECT FROM alarm_journal AS entry WHERE entry.id = kept.last_id AND entry.site = kept.site)
 ORDER BY kept.last_id DESC
 LIMIT 1
