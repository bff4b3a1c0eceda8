-- What reviews say about a batch, the reviews alone write (apply_review): roles that store batches get the other columns.
DO $$
DECLARE
    part record;
    stored CONSTANT text := 'recipe, mode, status, reason, begins_at, ends_at, last_at, anchored_at, anchor, pumps, doses,'
        ' target_g, actual_g, findings, finding_kinds, recipe_version, record_hash, judgement_hash';
BEGIN
    FOR part IN
        SELECT DISTINCT x.privilege_type AS privilege, coalesce(quote_ident(r.rolname), 'PUBLIC') AS grantee
          FROM pg_class AS c
          CROSS JOIN LATERAL aclexplode(c.relacl) AS x
          LEFT JOIN pg_roles AS r ON r.oid = x.grantee
         WHERE c.oid = 'public.batches'::regclass AND x.grantee <> c.relowner
           AND x.privilege_type IN ('INSERT', 'UPDATE', 'TRUNCATE') AND (r.rolname IS NOT NULL OR x.grantee = 0)
    LOOP
        EXECUTE format('REVOKE %s ON batches FROM %s', part.privilege, part.grantee);
        IF part.privilege = 'INSERT' THEN
            EXECUTE format('GRANT INSERT (batch_key, batch_id, device_id, %s) ON batches TO %s', stored, part.grantee);
        ELSIF part.privilege = 'UPDATE' THEN
            EXECUTE format('GRANT UPDATE (%s, gone) ON batches TO %s', stored, part.grantee);
        END IF;
    END LOOP;
END $$;
