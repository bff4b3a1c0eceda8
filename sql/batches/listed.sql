-- One page of the batches that a filter finds (none whose messages are of another by now), the newest first, after the last batch of the page before.
SELECT b.batch_key, b.batch_id, b.device_id, b.recipe, b.mode, b.status, b.reason, b.begins_at, b.ends_at, b.last_at,
       b.pumps, b.doses, b.target_g, b.actual_g, b.findings, b.finding_kinds, b.recipe_version, b.record_hash,
       b.review_state, b.last_review, b.disposed_by, b.disposed_at, b.judgement_hash, b.confirmed_by, b.gone
  FROM batches AS b
 WHERE NOT b.gone
   AND (%(from)s::timestamptz IS NULL OR b.begins_at >= %(from)s)
   AND (%(to)s::timestamptz IS NULL OR b.begins_at < %(to)s)
   AND (%(device)s::text[] IS NULL OR b.device_id = ANY (%(device)s))
   AND (%(recipe)s::text[] IS NULL OR b.recipe = ANY (%(recipe)s))
   AND (%(status)s::text[] IS NULL OR b.status = ANY (%(status)s))
   AND (%(review_state)s::text[] IS NULL OR b.review_state = ANY (%(review_state)s))
   AND (NOT %(unreviewed)s OR (b.review_state = ANY (%(open_states)s::text[]) AND b.status <> 'open'))
   AND (NOT %(with_findings)s OR b.findings > 0)
   AND (NOT %(without_findings)s OR b.findings = 0)
   AND (%(after_time)s::timestamptz IS NULL OR (b.begins_at, b.batch_key) < (%(after_time)s, %(after_key)s::text))
 ORDER BY b.begins_at DESC, b.batch_key DESC
 LIMIT %(rows)s
