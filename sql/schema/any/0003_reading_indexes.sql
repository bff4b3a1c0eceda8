-- The station comes first in the unique keys: they also serve "this station, newest first".
CREATE UNIQUE INDEX dosing_uq         ON dosing_consumption (device_id, time DESC, pump, dedup);
CREATE INDEX dosing_time              ON dosing_consumption (time DESC);
CREATE INDEX dosing_chemical_time     ON dosing_consumption (chemical, time DESC);
CREATE UNIQUE INDEX batch_uq          ON batch_events (device_id, time DESC, event, recipe, dedup);
CREATE INDEX batch_time               ON batch_events (time DESC);
-- "Completed today, by recipe" as an index-only scan.
CREATE INDEX batch_complete_time      ON batch_events (time DESC) INCLUDE (recipe) WHERE event = 'complete';
CREATE INDEX batch_abort_time         ON batch_events (time DESC) INCLUDE (recipe) WHERE event = 'abort';
CREATE UNIQUE INDEX inventory_uq      ON inventory_levels (device_id, chemical, time DESC, dedup);
CREATE INDEX inventory_time           ON inventory_levels (time DESC);
