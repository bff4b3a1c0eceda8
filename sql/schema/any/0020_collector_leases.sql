-- Leader election: the holder of a site's row collects. Every transaction of a leader checks the row.
-- ``beat`` rises while the holder works; other processes watch it by their own clocks. ``epoch`` rises with each
-- leader. The second key makes it a key column: FOR KEY SHARE of a leader's transaction holds off the next leader,
-- but not the holder's heartbeat. A role that may only read cannot lock the row.
CREATE TABLE collector_leases (
    site        text        NOT NULL CONSTRAINT collector_leases_pkey PRIMARY KEY,
    epoch       bigint      NOT NULL,
    holder      uuid,                   -- NULL: released
    holder_name text        NOT NULL,   -- machine and process, for people
    backend_pid integer     NOT NULL,   -- the holder's session
    beat        bigint      NOT NULL DEFAULT 0,
    renewed_at  timestamptz NOT NULL DEFAULT clock_timestamp(),
    CONSTRAINT collector_leases_epoch_key UNIQUE (site, epoch),
    CONSTRAINT collector_leases_text_short CHECK (octet_length(site) <= 512 AND octet_length(holder_name) <= 512)
) WITH (fillfactor = 50);

SELECT copy_dose_grants('public.collector_leases', 'INSERT, UPDATE ON public.collector_leases');
