-- Batches are counted in one place: the reconstructed batches, as the batch list shows them. The rollups of reported
-- ends counted differently: no abort that was not reported, and no batch by its mode.
DROP TRIGGER roll_up_batches ON batch_events;
DROP FUNCTION roll_up_batches();
DROP FUNCTION batch_outcomes(timestamptz, timestamptz, interval);
DROP TABLE batch_outcomes_15m, batch_outcomes_1h;

CREATE INDEX batches_counted ON batches (begins_at) INCLUDE (ends_at, device_id, recipe, mode, status) WHERE NOT gone;

-- The batches that began in [since, until), one row each, with a 1 in the column of their state: whatever counts
-- batches adds these columns up. A batch belongs to the range, shift and day of its start, also if it ends later.
CREATE FUNCTION batch_counts(since timestamptz, until timestamptz) RETURNS TABLE (
    begins_at timestamptz, ends_at timestamptz, device_id text, recipe text, mode text,
    completed integer, aborted integer, running integer
) LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT b.begins_at, b.ends_at, b.device_id, b.recipe, b.mode,
       (b.status = 'complete')::int, (b.status = 'aborted')::int, (b.ends_at IS NULL)::int
  FROM public.batches AS b
 WHERE NOT b.gone
   AND b.begins_at >= since
   AND b.begins_at < until
$$;
