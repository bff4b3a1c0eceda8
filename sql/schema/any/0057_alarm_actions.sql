-- What an operator does about alarms is entered by a function of the database: the events that are an operator's, at the
-- server's time, for a time that the alarm's priority permits. Only a role that stores doses inserts into the journal: the
-- collector, whose detections these are.

-- The tags of a site, each once, whatever other sites and operators enter.
CREATE INDEX alarm_journal_alarm  ON alarm_journal (site, rule, device_id, item, id);
CREATE INDEX alarm_journal_raised ON alarm_journal (site, rule, device_id, item)
    WHERE priority <> 'diagnostic' AND (event = 'raise' OR active);
DROP INDEX IF EXISTS alarm_journal_tag;

-- Longest shelving of each priority: MAX_SHELVE_DURATION of domain/alarms/models.py.
CREATE FUNCTION get_longest_shelving(of_priority text) RETURNS interval LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE of_priority WHEN 'high' THEN INTERVAL '30 minutes' WHEN 'medium' THEN INTERVAL '4 hours'
                        ELSE INTERVAL '12 hours' END;

-- Enters one action of an operator, once for each uuid; false if it is stored already. ``action`` has the columns of
-- alarm_journal that an operator decides, and shelve_s. What the journal knows of the alarm is taken from there.
-- SQLSTATE DT001: refused, with a sentence for the operator.
CREATE FUNCTION enter_alarm_action(action jsonb) RETURNS boolean
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    urgencies CONSTANT text[] := ARRAY['high', 'medium', 'low', 'diagnostic'];
    moment CONSTANT timestamptz := clock_timestamp();
    given CONSTANT public.alarm_journal := jsonb_populate_record(NULL::public.alarm_journal, action);
    shelved CONSTANT interval := make_interval(secs => CASE WHEN given.event = 'shelve'
        THEN least(greatest((action ->> 'shelve_s')::double precision, 0), 1e6) END);
    texts CONSTANT text := concat(given.site, given.rule, given.device_id, given.item, given.author, given.os_user,
                                  given.comment);
    raised record;
    is_raised boolean;
    urgency text := given.priority;
    refusal text;
BEGIN
    -- the last time that the collector raised it, and whether that is over
    SELECT j.id, j.priority, j.message, j.limit_value, j.rule_version INTO raised
      FROM public.alarm_journal AS j
     WHERE (j.site, j.rule, j.device_id, j.item) = (given.site, given.rule, given.device_id, given.item)
       AND (j.event IN ('raise', 're-alarm', 'escalate') OR j.active)
     ORDER BY j.id DESC LIMIT 1;
    is_raised := raised.id IS NOT NULL AND NOT EXISTS (
        SELECT FROM public.alarm_journal AS j
         WHERE (j.site, j.rule, j.device_id, j.item) = (given.site, given.rule, given.device_id, given.item)
           AND j.id > raised.id
           AND j.event IN ('return', 'unshelve', 'expire', 'release', 'return to service'));
    IF is_raised AND array_position(urgencies, raised.priority) < array_position(urgencies, given.priority) THEN
        urgency := raised.priority;
    END IF;
    refusal := CASE
        WHEN given.uuid IS NULL OR given.site IS NULL OR given.event IS NULL
             OR coalesce(given.rule, '') !~ '^[A-Z][A-Z0-9_]{0,63}$'
             OR array_position(urgencies, given.priority) IS NULL THEN 'This names no alarm.'
        WHEN given.event NOT IN ('acknowledge', 'reset', 'shelve', 'unshelve', 'remove from service', 'return to service')
        THEN 'The event ' || quote_literal(given.event) || ' is the collector''s to enter.'
        WHEN NOT public.is_harmless_text(texts)
        THEN 'An alarm action holds no control characters.'
        WHEN octet_length(given.site) > 512 OR octet_length(given.device_id) > 512 OR octet_length(given.item) > 512
        THEN 'This names no alarm.'
        WHEN concat(given.author, given.os_user) = '' THEN 'Enter your name.'
        WHEN char_length(given.author) > 128 OR octet_length(given.os_user) > 512 THEN 'Enter a shorter name.'
        WHEN char_length(given.comment) > 500 THEN 'Enter a shorter comment.'
        WHEN given.event IN ('shelve', 'remove from service') AND coalesce(given.comment, '') = ''
        THEN given.rule || ': a reason is needed.'
        WHEN given.event = 'shelve' AND (shelved IS NULL OR shelved <= INTERVAL '0'
                                         OR shelved > public.get_longest_shelving(urgency))
        THEN concat_ws('/', given.rule, nullif(given.device_id, ''), nullif(given.item, '')) || ' is not shelved: with'
             || ' priority ' || urgency || ' for ' || extract(epoch FROM public.get_longest_shelving(urgency))::integer / 60
             || ' minutes at most.'
    END;
    IF refusal IS NOT NULL THEN
        RAISE EXCEPTION USING ERRCODE = 'DT001', MESSAGE = refusal;
    END IF;
    INSERT INTO public.alarm_journal (uuid, site, rule, device_id, item, event, at, received_at, priority, rule_version,
                                      message, value, limit_value, occurrence, until, author, os_user, comment)
    VALUES (given.uuid, given.site, given.rule, coalesce(given.device_id, ''), coalesce(given.item, ''), given.event,
            moment, moment, urgency,
            CASE WHEN is_raised THEN raised.rule_version ELSE coalesce(given.rule_version, 0) END,
            CASE WHEN is_raised THEN raised.message ELSE '' END,
            CASE WHEN given.value BETWEEN -1e12 AND 1e12 THEN given.value END,
            CASE WHEN is_raised THEN raised.limit_value END,
            CASE WHEN given.event IN ('acknowledge', 'reset') THEN given.occurrence END, moment + shelved,
            coalesce(given.author, ''), coalesce(given.os_user, ''), coalesce(given.comment, ''))
    ON CONFLICT (uuid) DO NOTHING;
    RETURN FOUND;
END $$;

-- An entry made without the database is stored later by the collector, with its role. It has its own time, within bounds:
-- a clock that is ahead of the server's dates nothing into the future.
CREATE OR REPLACE FUNCTION check_offline_entry() RETURNS trigger
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
    moment CONSTANT timestamptz := clock_timestamp();
BEGIN
    IF NOT has_table_privilege(session_user, 'public.dosing_consumption', 'INSERT') THEN
        RAISE EXCEPTION 'role % is no collector: it stores no entries made offline', session_user
              USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF NEW.event NOT IN ('acknowledge', 'reset', 'shelve', 'unshelve', 'remove from service', 'return to service') THEN
        RAISE EXCEPTION 'the event % is not entered offline', NEW.event USING ERRCODE = 'check_violation';
    ELSIF NEW.at < moment - INTERVAL '90 days' THEN
        RAISE EXCEPTION 'the entry made offline is older than 90 days' USING ERRCODE = 'check_violation';
    ELSIF NEW.at > moment THEN
        NEW.until := moment + (NEW.until - NEW.at);
        NEW.at := moment;
    END IF;
    RETURN NEW;
END $$;

-- assign_signature_owner() gives the function its owner, too, and that role what it needs.
DO $$
DECLARE
    body text := pg_get_functiondef('public.assign_signature_owner()'::regprocedure);
BEGIN
    body := replace(body, '''add_recipe_version''', '''add_recipe_version'', ''enter_alarm_action''');
    EXECUTE replace(body, 'GRANT SELECT, INSERT, UPDATE ON pin_counters TO dosing_auditor;',
        'GRANT SELECT, INSERT, UPDATE ON pin_counters TO dosing_auditor;'
        ' GRANT SELECT, INSERT ON alarm_journal TO dosing_auditor;');
END $$;
REVOKE ALL ON FUNCTION enter_alarm_action(jsonb) FROM PUBLIC;
SELECT assign_signature_owner();

-- Who wrote to the journal may call the function now; who stores no doses inserts no row of his own any more.
SELECT copy_dose_grants('public.alarm_journal', 'EXECUTE ON FUNCTION public.enter_alarm_action(jsonb)');
DO $$
DECLARE
    part record;
BEGIN
    FOR part IN
        SELECT DISTINCT coalesce(quote_ident(r.rolname), 'PUBLIC') AS grantee, x.grantee AS oid
          FROM (SELECT c.relacl AS acl FROM pg_class AS c WHERE c.oid = 'public.alarm_journal'::regclass
                UNION ALL
                SELECT a.attacl FROM pg_attribute AS a WHERE a.attrelid = 'public.alarm_journal'::regclass) AS rights
          CROSS JOIN LATERAL aclexplode(rights.acl) AS x
          LEFT JOIN pg_roles AS r ON r.oid = x.grantee
         WHERE x.privilege_type = 'INSERT' AND (r.rolname IS NOT NULL OR x.grantee = 0)
           AND x.grantee <> (SELECT c.relowner FROM pg_class AS c WHERE c.oid = 'public.alarm_journal'::regclass)
           AND r.rolname IS DISTINCT FROM 'dosing_auditor'
    LOOP
        EXECUTE format('GRANT EXECUTE ON FUNCTION public.enter_alarm_action(jsonb) TO %s', part.grantee);
        IF part.oid = 0 OR NOT has_table_privilege(part.oid, 'public.dosing_consumption', 'INSERT') THEN
            EXECUTE format('REVOKE INSERT ON public.alarm_journal FROM %s', part.grantee);
        END IF;
    END LOOP;
END $$;
