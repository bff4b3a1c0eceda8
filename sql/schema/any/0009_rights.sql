-- Shared by the tables below: rights that follow those on doses, and tables that only grow.

-- Grants SELECT on the tables of to_read to every role that may read doses, and the rights of to_write
-- ('INSERT (column) ON table') to every role that may store them. Only the owner, who migrates, may call it.
CREATE FUNCTION copy_dose_grants(to_read text, VARIADIC to_write text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    g record;
    privilege text;
BEGIN
    FOR g IN
        SELECT DISTINCT x.privilege_type, coalesce(quote_ident(r.rolname), 'PUBLIC') AS grantee
          FROM pg_class AS c
          CROSS JOIN LATERAL aclexplode(c.relacl) AS x
          LEFT JOIN pg_roles AS r ON r.oid = x.grantee
         WHERE c.oid = 'public.dosing_consumption'::regclass AND x.privilege_type IN ('SELECT', 'INSERT')
           AND x.grantee <> c.relowner AND (r.rolname IS NOT NULL OR x.grantee = 0)
    LOOP
        EXECUTE format('GRANT SELECT ON %s TO %s', to_read, g.grantee);
        IF g.privilege_type = 'INSERT' THEN
            FOREACH privilege IN ARRAY to_write LOOP
                EXECUTE format('GRANT %s TO %s', privilege, g.grantee);
            END LOOP;
        END IF;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION copy_dose_grants(text, text[]) FROM PUBLIC;

CREATE FUNCTION reject_update_or_delete() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'table % is append-only: its rows cannot be changed or deleted', TG_TABLE_NAME;
END $$;

-- Rollups of batches are counted from events: readable by the roles that read doses.
SELECT copy_dose_grants('public.batch_outcomes_15m, public.batch_outcomes_1h', VARIADIC '{}');
