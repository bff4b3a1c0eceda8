-- Operator notes: append-only, kept for good. author is the name that was entered, os_user the console's account.
-- The server sets noted_at and db_role: no role has the right to insert into these columns.
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
    -- eight-bit controls and changes of text direction; outside UTF-8 these codes are other letters
    CONSTRAINT note_text_harmless CHECK (CASE WHEN getdatabaseencoding() = 'UTF8'
        THEN concat(text, author, os_user, device_id) !~ '[\u0080-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]'
        ELSE true END)
);
CREATE INDEX operator_notes_at ON operator_notes (at DESC);
CREATE TRIGGER append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON operator_notes
    FOR EACH STATEMENT EXECUTE FUNCTION reject_update_or_delete();

SELECT copy_dose_grants('public.operator_notes',
    'INSERT (at, text, author, os_user, device_id) ON public.operator_notes');
