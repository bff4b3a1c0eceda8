-- Register new channels, starting at the newest journal row.
INSERT INTO alarm_notification_channels (site, channel, last_id)
SELECT %(site)s, given.channel, coalesce((SELECT max(id) FROM alarm_journal WHERE site = %(site)s), 0)
  FROM unnest(%(channels)s::text[]) AS given (channel)
    ON CONFLICT (site, channel) DO NOTHING
