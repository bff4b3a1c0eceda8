-- The journal is read in pages, the newest first, each beginning behind the last row of the one before.
CREATE INDEX alarm_journal_page ON alarm_journal (site, at, id);
DROP INDEX alarm_journal_time;

-- What a site's journal has come to up to one of its rows: whoever starts reads on from there instead of from the
-- first row. The journal stays the truth; a checkpoint of another fold is not used, and one that is missing is made.
CREATE TABLE alarm_checkpoints (
    site    text        PRIMARY KEY,
    last_id bigint      NOT NULL,
    fold    integer     NOT NULL,
    known   text        NOT NULL,
    made_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT alarm_checkpoint_short CHECK (octet_length(site) <= 512)
);

SELECT grant_as_for_doses(
    'public.alarm_checkpoints',
    'INSERT (site, last_id, fold, known), UPDATE (last_id, fold, known, made_at) ON public.alarm_checkpoints'
);
