-- Of the copied rows of an imported table: those whose fractional durations or numbers of pumps were rounded.
ALTER TABLE legacy_imports ADD COLUMN flagged bigint NOT NULL DEFAULT 0;
