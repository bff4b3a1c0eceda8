-- Of an alarm that was told of and is hidden then, people are told that, too: shelved, suppressed, out of service.
ALTER TABLE alarm_notifications DROP CONSTRAINT notification_occasion_known;
ALTER TABLE alarm_notifications ADD CONSTRAINT notification_occasion_known
    CHECK (occasion IN ('raise', 'return', 'hidden', 'unacknowledged', 'summary'));
