-- An operator's role enters alarm actions at a rate that people need: all of a flood at once, and then so many a minute. The
-- journal is never emptied, and each entry is read by every console.
CREATE TABLE alarm_action_rates (
    role  text             PRIMARY KEY,
    spent double precision NOT NULL,  -- actions that count at the time ``at``
    at    timestamptz      NOT NULL
);

DO $$
DECLARE
    body text := pg_get_functiondef('public.enter_alarm_action(jsonb)'::regprocedure);
BEGIN
    body := replace(body, '    refusal text;
BEGIN', '    refusal text;
    most CONSTANT double precision := 10000;
    a_minute CONSTANT double precision := 1000;
    used double precision;
BEGIN');
    body := replace(body, '    INSERT INTO public.alarm_journal (', '    INSERT INTO public.alarm_action_rates AS r (role, spent, at) VALUES (session_user, 1, moment)
    ON CONFLICT (role) DO UPDATE
       SET spent = 1 + greatest(r.spent - a_minute / 60 * greatest(extract(epoch FROM moment - r.at)::double precision, 0), 0),
           at = greatest(r.at, moment)
    RETURNING spent INTO used;
    IF used > most THEN
        RAISE EXCEPTION USING ERRCODE = ''DT001'', MESSAGE = ''Nothing entered: too many alarm actions of database user ''
            || session_user || '' (at most '' || most || '' at once, then '' || a_minute || '' a minute). Try again in a minute.'';
    END IF;
    INSERT INTO public.alarm_journal (');
    EXECUTE body;
END $$;

-- assign_signature_owner() gives the function's owner what it needs.
DO $$
BEGIN
    EXECUTE replace(pg_get_functiondef('public.assign_signature_owner()'::regprocedure),
        ' GRANT SELECT, INSERT ON alarm_journal TO dosing_auditor;',
        ' GRANT SELECT, INSERT ON alarm_journal TO dosing_auditor;'
        ' GRANT SELECT, INSERT, UPDATE ON alarm_action_rates TO dosing_auditor;');
END $$;
SELECT assign_signature_owner();
