-- What the operators wrote down. Rows are added and never changed: neither by the console nor by its tables' owner.
-- author is the name that was entered; os_user is the console's account, as it says itself; noted_at and db_role
-- are the server's own words, because nobody is given the right to insert into these columns. No retention.
CREATE TABLE operator_notes (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL,
    noted_at  timestamptz NOT NULL DEFAULT now(),
    text      text        NOT NULL,
    author    text        NOT NULL,
    os_user   text        NOT NULL DEFAULT '',
    db_role   text        NOT NULL DEFAULT session_user,
    device_id text,
    CONSTRAINT note_time_sane CHECK (at >= '2020-01-01 00:00:00+00' AND at < '2100-01-01 00:00:00+00'),
    CONSTRAINT note_text_length CHECK (char_length(text) BETWEEN 1 AND 500 AND char_length(author) BETWEEN 1 AND 60),
    CONSTRAINT note_names_short CHECK (octet_length(os_user) <= 512 AND octet_length(device_id) <= 512),
    CONSTRAINT note_text_plain CHECK (concat(text, author, os_user, device_id) !~ '[\u0001-\u001f\u007f]'),
    -- the eight-bit controls and those that turn the direction of text; elsewhere these codes are other letters
    CONSTRAINT note_text_harmless CHECK (CASE WHEN getdatabaseencoding() = 'UTF8'
        THEN concat(text, author, os_user, device_id) !~ '[\u0080-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]'
        ELSE true END)
);
CREATE INDEX operator_notes_at ON operator_notes (at DESC);

CREATE FUNCTION refuse_change() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
    RAISE EXCEPTION 'rows of % are never changed or removed', TG_TABLE_NAME;
END $$;

CREATE TRIGGER never_changed BEFORE UPDATE OR DELETE OR TRUNCATE ON operator_notes
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change();

-- Who may read doses may read notes; who may store doses may add notes.
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
        EXECUTE format('GRANT SELECT ON public.operator_notes TO %s', g.grantee);
        IF g.privilege_type = 'INSERT' THEN
            EXECUTE format('GRANT INSERT (at, text, author, os_user, device_id) ON public.operator_notes TO %s', g.grantee);
        END IF;
    END LOOP;
END $$;
