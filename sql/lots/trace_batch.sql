-- Every lot that is in a batch, in the order of the chemicals; the batch by its key or number.
SELECT b.batch_key, b.batch_id, b.device_id, b.recipe, b.begins_at, b.ends_at, b.status, b.review_state, l.chemical,
       l.lot_number, l.share, l.mass_g, d.supplier, d.expires_on, d.opened_on, d.certificate,
       coalesce(d.expired, false) AS is_expired
  FROM batches AS b
  JOIN batch_lots AS l USING (batch_key)
  JOIN batch_records AS r USING (batch_key)
  LEFT JOIN LATERAL jsonb_to_recordset(r.judgement::jsonb -> 'lots')
       AS d (chemical text, lot text, supplier text, expires_on date, opened_on date, certificate text, expired boolean)
    ON d.chemical = l.chemical AND d.lot = l.lot_number
 WHERE b.batch_key = %(batch_key)s
 ORDER BY l.chemical, l.share DESC, l.lot_number
