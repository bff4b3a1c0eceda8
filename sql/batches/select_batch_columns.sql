-- Included: the columns of a batch list.
SELECT b.batch_key, b.batch_id, b.device_id, b.recipe, b.mode, b.status, b.reason, b.begins_at, b.ends_at, b.last_at,
       b.pumps, b.doses, b.target_g, b.actual_g, b.findings, b.finding_kinds, b.recipe_version, b.record_hash,
       b.review_state, b.last_review, b.disposed_by, b.disposed_at, b.judgement_hash, b.confirmed_by, b.gone
  FROM batches AS b
