-- What people are told of alarms: one row for each occurrence, occasion and channel, so that nothing is told twice.
-- A row is claimed before it is sent: one that a process claimed and did not settle before it ended is never sent
-- again ('unknown'). A summary is a row of its own, and its members name it.
CREATE TABLE alarm_notifications (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site       text        NOT NULL,
    channel    text        NOT NULL,
    occasion   text        NOT NULL,
    occurrence uuid        NOT NULL,
    journal_id bigint,  -- what it tells of; none for a summary
    due_at     timestamptz NOT NULL,
    fate       text        NOT NULL DEFAULT 'waiting',
    tries      integer     NOT NULL DEFAULT 0,
    claimed_at timestamptz,
    settled_at timestamptz,
    reason     text        NOT NULL DEFAULT '',  -- of the newest try that failed
    summary    bigint,
    UNIQUE (site, channel, occasion, occurrence),
    CONSTRAINT notification_occasion_known CHECK (occasion IN ('raise', 'return', 'unacknowledged', 'summary')),
    CONSTRAINT notification_fate_known CHECK (fate IN ('waiting', 'claimed', 'sent', 'unknown', 'failed', 'withdrawn',
        'summarised')),
    CONSTRAINT notification_tells_of CHECK ((journal_id IS NULL) = (occasion = 'summary')),
    CONSTRAINT notification_text_short CHECK (octet_length(site) <= 512 AND octet_length(channel) <= 512
        AND octet_length(reason) <= 2048)
);
CREATE INDEX alarm_notifications_open    ON alarm_notifications (site, channel, due_at) WHERE fate IN ('waiting', 'claimed');
CREATE INDEX alarm_notifications_claimed ON alarm_notifications (site, channel, claimed_at DESC);
CREATE INDEX alarm_notifications_summary ON alarm_notifications (summary) WHERE summary IS NOT NULL;

-- Up to which entry of the journal each channel's notices were made. It begins with the newest one that is there when
-- the channel is first seen: of what was before, nobody is told.
CREATE TABLE alarm_notification_channels (
    site       text        NOT NULL,
    channel    text        NOT NULL,
    last_id    bigint      NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site, channel),
    CONSTRAINT channel_text_short CHECK (octet_length(site) <= 512 AND octet_length(channel) <= 512)
);

-- Who may read doses may read these tables, and who may store doses may do with them what is listed ('what ON table').
-- Only its owner, who migrates, may call it.
CREATE FUNCTION grant_as_for_doses(to_read text, VARIADIC to_write text[]) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public, pg_temp AS $$
DECLARE
    g record;
    right_ text;
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
            FOREACH right_ IN ARRAY to_write LOOP
                EXECUTE format('GRANT %s TO %s', right_, g.grantee);
            END LOOP;
        END IF;
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION grant_as_for_doses(text, text[]) FROM PUBLIC;

SELECT grant_as_for_doses(
    'public.alarm_notifications, public.alarm_notification_channels',
    'INSERT (site, channel, occasion, occurrence, journal_id, due_at, fate, tries, claimed_at) ON public.alarm_notifications',
    'UPDATE (fate, tries, claimed_at, settled_at, reason, summary) ON public.alarm_notifications',
    'INSERT (site, channel, last_id), UPDATE (last_id) ON public.alarm_notification_channels'
);
