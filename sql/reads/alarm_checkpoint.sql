-- What a site's journal had come to when that was last kept, if it was by this fold and its last row is still there.
SELECT kept.last_id, kept.known
  FROM alarm_checkpoints AS kept
 WHERE kept.site = %(site)s
   AND kept.fold = %(fold)s
   AND EXISTS (SELECT FROM alarm_journal AS entry WHERE entry.id = kept.last_id AND entry.site = kept.site)
