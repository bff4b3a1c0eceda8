-- Add notices, each once.
INSERT INTO alarm_notifications (site, channel, occasion, occurrence, journal_id, due_at)
SELECT %(site)s, given.channel, given.occasion, given.occurrence, given.journal_id, given.due_at
  FROM unnest(%(channel)s::text[], %(occasion)s::text[], %(occurrence)s::uuid[], %(journal_id)s::bigint[],
              %(due_at)s::timestamptz[])
       WITH ORDINALITY AS given (channel, occasion, occurrence, journal_id, due_at, place)
 ORDER BY given.place
    ON CONFLICT (site, channel, occasion, occurrence) DO NOTHING
