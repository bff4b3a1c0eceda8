-- Add a summary, claimed for sending.
INSERT INTO alarm_notifications (site, channel, occasion, occurrence, due_at, fate, tries, claimed_at)
VALUES (%(site)s, %(channel)s, 'summary', %(occurrence)s, %(now)s::timestamptz, 'claimed', 1, %(now)s::timestamptz)
    ON CONFLICT (site, channel, occasion, occurrence) DO NOTHING
RETURNING id
