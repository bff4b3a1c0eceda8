-- Bounds of what the collector's role may set about stations, as of every other time and text (0053).
ALTER TABLE station_status
    ADD CONSTRAINT station_status_times CHECK (is_sane_time(status_since) AND is_sane_time(reported_at) AND is_sane_time(last_lost_at)),
    ADD CONSTRAINT station_status_flags CHECK (are_short_labels(flags));
ALTER TABLE station_changes ADD CONSTRAINT station_change_time CHECK (is_sane_time(at));
