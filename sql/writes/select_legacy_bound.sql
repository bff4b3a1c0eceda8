-- Included: until when a reading may be stored under the number of a version before migration 0024. NULL, so that nothing is looked up,
-- in a database whose first migration came with 0024: no such version has written to it.
(SELECT max(applied_at) FILTER (WHERE name = 'any/0024_plausible_durations') + INTERVAL '10 minutes'
   FROM schema_migrations
 HAVING min(applied_at) < max(applied_at) FILTER (WHERE name = 'any/0024_plausible_durations'))
