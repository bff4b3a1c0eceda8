-- Every batch that a lot is in, by its start; in any spelling of the number, of one chemical or of all (NULL).
SELECT b.batch_key, b.batch_id, b.device_id, b.recipe, b.begins_at, b.ends_at, b.status, b.review_state, l.chemical,
       l.lot_number, l.share, l.mass_g, d.supplier, d.expires_on, d.opened_on, d.certificate,
       coalesce(d.expired, false) AS is_expired
  FROM batch_lots AS l
  JOIN batches AS b USING (batch_key)
  JOIN batch_records AS r USING (batch_key)
  LEFT JOIN LATERAL jsonb_to_recordset(r.judgement::jsonb -> 'lots')
       AS d (chemical text, lot text, supplier text, expires_on date, opened_on date, certificate text, expired boolean)
    ON d.chemical = l.chemical AND d.lot = l.lot_number
 WHERE fold_name(l.lot_number) = fold_name(%(lot)s) AND NOT b.gone
   AND (%(chemical)s::text IS NULL OR fold_name(l.chemical) = fold_name(%(chemical)s))
 ORDER BY b.begins_at, b.batch_key, l.chemical, l.lot_number
