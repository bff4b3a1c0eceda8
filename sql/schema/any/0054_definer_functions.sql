-- Functions that run with their owner's rights are called by nobody but their triggers: else who may make a temporary table
-- puts them on it, and stores through them what he likes.
DO $$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT p.oid::regprocedure AS signature
          FROM pg_proc AS p
         WHERE p.pronamespace = 'public'::regnamespace AND p.prosecdef AND p.prorettype = 'trigger'::regtype
           AND EXISTS (SELECT FROM pg_trigger AS t JOIN pg_class AS c ON c.oid = t.tgrelid
                        WHERE t.tgfoid = p.oid AND NOT t.tgisinternal AND c.relnamespace = 'public'::regnamespace)
           AND pg_has_role(p.proowner, 'USAGE')
    LOOP
        EXECUTE format('REVOKE ALL ON FUNCTION %s FROM PUBLIC', part.signature);
    END LOOP;
END $$;

-- The server's own function by its name: one that somebody else has put beside it, for other types, would be taken.
CREATE OR REPLACE FUNCTION format_canonical_json(content jsonb) RETURNS text LANGUAGE sql AS $$
    SELECT '{' || string_agg(pg_catalog.to_json(key)::text || ':' || value::text, ',' ORDER BY key COLLATE "C") || '}'
      FROM pg_catalog.jsonb_each(content)
$$;
DO $$
BEGIN
    EXECUTE replace(pg_get_functiondef('public.append_audit_entry(timestamptz, text, text, text, jsonb)'::regprocedure),
                    ' to_json(part)', ' pg_catalog.to_json(part)');
END $$;
