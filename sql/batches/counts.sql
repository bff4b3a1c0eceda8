-- How many batches a filter finds (none whose messages are of another by now), and how many of them are what.
SELECT count(*) AS batches,
       count(*) FILTER (WHERE b.ends_at IS NULL) AS under_way,
       count(*) FILTER (WHERE b.status = 'complete') AS complete,
       count(*) FILTER (WHERE b.ends_at IS NOT NULL AND b.status <> 'complete') AS not_complete,
       count(*) FILTER (WHERE b.status = 'aborted') AS aborted,
       count(*) FILTER (WHERE b.status = 'incomplete') AS incomplete,
       count(*) FILTER (WHERE b.status = 'no-start') AS no_start,
       count(*) FILTER (WHERE b.status = 'complete-only') AS complete_only,
       count(*) FILTER (WHERE b.findings > 0) AS with_findings,
       count(*) FILTER (WHERE b.review_state = ANY (%(open_states)s::text[]) AND b.status <> 'open') AS unreviewed
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
