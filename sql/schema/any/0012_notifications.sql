-- Alarm notifications: one row for each occurrence, occasion and channel, so that none is sent twice. A row is claimed
-- before it is sent; one that was claimed and not settled when its process ended becomes 'unknown' and is not re-sent.
-- A summary is a row of its own; its members refer to it.
CREATE TABLE alarm_notifications (
    id         bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    site       text        NOT NULL,
    channel    text        NOT NULL,
    occasion   text        NOT NULL,
    occurrence uuid        NOT NULL,
    journal_id bigint,  -- the alarm event; NULL for a summary
    due_at     timestamptz NOT NULL,
    fate       text        NOT NULL DEFAULT 'waiting',
    tries      integer     NOT NULL DEFAULT 0,
    claimed_at timestamptz,
    settled_at timestamptz,
    reason     text        NOT NULL DEFAULT '',  -- of the last failed attempt
    summary    bigint,
    UNIQUE (site, channel, occasion, occurrence),
    CONSTRAINT notification_occasion_known CHECK (occasion IN ('raise', 'return', 'hidden', 'unacknowledged', 'summary')),
    CONSTRAINT notification_fate_known CHECK (fate IN ('waiting', 'claimed', 'sent', 'unknown', 'failed', 'withdrawn',
        'summarised')),
    CONSTRAINT notification_has_journal_id CHECK ((journal_id IS NULL) = (occasion = 'summary')),
    CONSTRAINT notification_text_short CHECK (octet_length(site) <= 512 AND octet_length(channel) <= 512
        AND octet_length(reason) <= 2048)
);
CREATE INDEX alarm_notifications_open    ON alarm_notifications (site, channel, due_at) WHERE fate IN ('waiting', 'claimed');
CREATE INDEX alarm_notifications_claimed ON alarm_notifications (site, channel, claimed_at DESC);
CREATE INDEX alarm_notifications_summary ON alarm_notifications (summary) WHERE summary IS NOT NULL;

-- The last journal row that was turned into notifications of each channel. A new channel starts at the newest row:
-- earlier alarms are not notified.
CREATE TABLE alarm_notification_channels (
    site       text        NOT NULL,
    channel    text        NOT NULL,
    last_id    bigint      NOT NULL,
    first_seen timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (site, channel),
    CONSTRAINT channel_text_short CHECK (octet_length(site) <= 512 AND octet_length(channel) <= 512)
);

SELECT copy_dose_grants(
    'public.alarm_notifications, public.alarm_notification_channels',
    'INSERT (site, channel, occasion, occurrence, journal_id, due_at, fate, tries, claimed_at) ON public.alarm_notifications',
    'UPDATE (fate, tries, claimed_at, settled_at, reason, summary) ON public.alarm_notifications',
    'INSERT (site, channel, last_id), UPDATE (last_id) ON public.alarm_notification_channels'
);
