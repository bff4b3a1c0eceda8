-- Counts of the batches that match a filter.
SELECT count(*) AS batches,
       count(*) FILTER (WHERE b.ends_at IS NULL) AS under_way,
       count(*) FILTER (WHERE b.status = 'complete') AS complete,
       count(*) FILTER (WHERE b.ends_at IS NOT NULL AND b.status <> 'complete') AS not_complete,
       count(*) FILTER (WHERE b.status = 'aborted') AS aborted,
       count(*) FILTER (WHERE b.status = 'incomplete') AS incomplete,
       count(*) FILTER (WHERE b.status = 'no-start') AS no_start,
       count(*) FILTER (WHERE b.status = 'complete-only') AS complete_only,
       count(*) FILTER (WHERE b.findings > 0) AS with_findings,
       count(*) FILTER (WHERE b.review_state = ANY (%(open_states)s::text[]) AND b.status <> 'open') AS unreviewed,
       count(*) FILTER (WHERE b.status = 'complete' AND b.findings = 0) AS clean
  FROM batches AS b
-- include batches/filter_batches
