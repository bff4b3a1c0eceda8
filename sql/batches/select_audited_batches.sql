-- Every stored batch with its record, the name by its number, and the status that results from its reviews.
SELECT b.batch_key, b.batch_id, b.device_id, b.recipe, b.mode, b.status, b.reason, b.begins_at, b.ends_at, b.pumps,
       b.doses, b.target_g, b.actual_g, b.findings, b.finding_kinds, b.recipe_version, b.record_hash,
       b.judgement_hash, r.record, r.judgement, n.device_id AS numbered_of, n.day, n.number,
       coalesce((SELECT jsonb_agg(jsonb_build_array(l.batch_key, l.chemical, l.lot_number, l.share, l.mass_g))
                   FROM batch_lots AS l WHERE l.batch_key = b.batch_key), '[]') AS listed_lots,
       ARRAY[b.last_review::text, b.disposition, b.disposed_by, b.disposed_at::text, b.reviewed_hash,
             b.reviewed_judgement, b.confirmed_by, b.confirmed_at::text] AS listed_values,
       ARRAY[coalesce(newest.last_review, 0)::text, coalesce(s.disposition, ''), coalesce(s.disposed_by, ''),
             s.disposed_at::text, s.reviewed_hash, s.reviewed_judgement, coalesce(s.confirmed_by, ''),
             s.confirmed_at::text] AS review_values
  FROM batches AS b
  LEFT JOIN batch_records AS r USING (batch_key)
  LEFT JOIN batch_numbers AS n USING (batch_key)
  LEFT JOIN (SELECT batch_key, max(review_id) AS last_review FROM batch_reviews GROUP BY batch_key) AS newest
       USING (batch_key)
  LEFT JOIN batch_review_status AS s USING (batch_key)
