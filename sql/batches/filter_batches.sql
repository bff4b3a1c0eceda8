-- Included: the filter of a batch list. Merged batches are left out; a filter that is NULL matches every batch.
 WHERE NOT b.gone
   AND (%(from)s::timestamptz IS NULL OR b.begins_at >= %(from)s)
   AND (%(to)s::timestamptz IS NULL OR b.begins_at < %(to)s)
   AND (%(device)s::text[] IS NULL OR b.device_id = ANY (%(device)s))
   AND (%(recipe)s::text[] IS NULL OR b.recipe = ANY (%(recipe)s))
   AND (%(status)s::text[] IS NULL OR b.status = ANY (%(status)s))
   AND (%(review_state)s::text[] IS NULL OR b.review_state = ANY (%(review_state)s))
   AND (NOT %(unreviewed)s OR (b.review_state = ANY (%(open_states)s::text[]) AND b.status <> 'open'))
   AND (NOT %(with_findings)s OR b.findings > 0)
   AND (NOT %(clean)s OR (b.findings = 0 AND b.status = 'complete'))
