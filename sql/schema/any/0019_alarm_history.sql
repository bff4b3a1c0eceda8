-- The journal is read in pages, the newest first, each beginning behind the last row of the one before.
CREATE INDEX alarm_journal_page ON alarm_journal (site, at, id);
DROP INDEX alarm_journal_time;

-- What a site's journal has come to up to one of its rows: whoever starts reads on from there instead of from the
-- first row. The journal stays the truth; a checkpoint of another fold is not used, and one that is missing is made.
CREATE TABLE alarm_checkpoints (
    site    text        PRIMARY KEY,
    last_id bigint      NOT NULL,
    fold    integer     NOT NULL,
    known   text        NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT alarm_checkpoint_short CHECK (octet_length(site) <= 512)
);

-- Who may read doses may read it; who may store doses may keep it.
DO $$
DECLARE
    g record;
BEGIN
    FOR g IN
        SELECT DISTINCT x.privilege_type, coalesce(quote_ident(r.rolname), 'PUBLIC') AS grantee
          FROM pg_class AS c
          CROSS JOIN LATERAL aclexplode(c.relacl) AS x
          LEFT JOIN pg_roles AS r ON r.oid = x.grantee
         WHERE c.oid = 'public.dosing_consumption'::regclass AND x.privilege_type IN ('SELECT', 'INSERT')
           AND x.grantee <> c.relowner AND (r.rolname IS NOT NULL OR x.grantee = 0)
    LOOP
        EXECUTE format('GRANT SELECT ON public.alarm_checkpoints TO %s', g.grantee);
        IF g.privilege_type = 'INSERT' THEN
            EXECUTE format('GRANT INSERT (site, last_id, fold, known), UPDATE (last_id, fold, known, made_at)'
                ' ON public.alarm_checkpoints TO %s', g.grantee);
        END IF;
    END LOOP;
END $$;
