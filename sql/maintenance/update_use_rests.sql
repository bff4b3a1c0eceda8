-- Keeps what was dosed between entries and the next whole bucket, before doses are dropped.
SELECT keep_use_rests()
