-- Of an alarm that was told of and is hidden then, people are told that, too: shelved, suppressed, out of service.
ALTER TABLE alarm_notifications DROP CONSTRAINT notification_occasion_known;
ALTER TABLE alarm_notifications ADD CONSTRAINT notification_occasion_known
    CHECK (occasion IN ('raise', 'return', 'hidden', 'unacknowledged', 'summary'));

-- Who tells of alarms has a checkpoint of its own: the alarms' may be from behind what it still has to tell of.
ALTER TABLE alarm_checkpoints ADD COLUMN reader text NOT NULL DEFAULT 'alarms';
ALTER TABLE alarm_checkpoints DROP CONSTRAINT alarm_checkpoints_pkey;
ALTER TABLE alarm_checkpoints ADD PRIMARY KEY (site, reader);
ALTER TABLE alarm_checkpoints ADD CONSTRAINT alarm_checkpoint_reader_short CHECK (octet_length(reader) <= 32);
SELECT grant_as_for_doses('public.alarm_checkpoints', 'INSERT (reader) ON public.alarm_checkpoints');
