-- Store batches; the columns kept by reviews stay.
INSERT INTO batches AS b (batch_key, batch_id, device_id, recipe, mode, status, reason, begins_at, ends_at, last_at,
                          anchored_at, anchor, pumps, doses, target_g, actual_g, findings, finding_kinds,
                          recipe_version, record_hash, judgement_hash)
SELECT given.batch_key, given.batch_id, given.device_id, given.recipe, given.mode, given.status, given.reason,
       given.begins_at, given.ends_at, given.last_at, given.anchored_at, given.anchor, given.pumps, given.doses,
       given.target_g, given.actual_g, given.findings,
       coalesce(string_to_array(nullif(given.finding_kinds, ''), E'\x1f'), '{}'),
       given.recipe_version, given.record_hash, given.judgement_hash
  FROM unnest(%(batch_key)s::text[], %(batch_id)s::text[], %(device_id)s::text[], %(recipe)s::text[],
              %(mode)s::text[], %(status)s::text[], %(reason)s::text[], %(begins_at)s::timestamptz[],
              %(ends_at)s::timestamptz[], %(last_at)s::timestamptz[], %(anchored_at)s::timestamptz[],
              %(anchor)s::text[], %(pumps)s::int[], %(doses)s::int[], %(target_g)s::float8[],
              %(actual_g)s::float8[], %(findings)s::int[], %(finding_kinds)s::text[],
              %(recipe_version)s::int[], %(record_hash)s::text[], %(judgement_hash)s::text[])
       AS given (batch_key, batch_id, device_id, recipe, mode, status, reason, begins_at, ends_at, last_at,
                 anchored_at, anchor, pumps, doses, target_g, actual_g, findings, finding_kinds,
                 recipe_version, record_hash, judgement_hash)
    ON CONFLICT (batch_key) DO UPDATE
   SET recipe = excluded.recipe, mode = excluded.mode, status = excluded.status, reason = excluded.reason,
       begins_at = excluded.begins_at, ends_at = excluded.ends_at, last_at = excluded.last_at,
       anchored_at = excluded.anchored_at, anchor = excluded.anchor, pumps = excluded.pumps, doses = excluded.doses,
       target_g = excluded.target_g, actual_g = excluded.actual_g, findings = excluded.findings,
       finding_kinds = excluded.finding_kinds, recipe_version = excluded.recipe_version,
       record_hash = excluded.record_hash, judgement_hash = excluded.judgement_hash, gone = false
