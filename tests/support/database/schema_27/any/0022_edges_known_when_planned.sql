-- A moment plus an interval depends, for the planner, on the session's time zone, so that the ends of a window were
-- known only while it ran: a compressed chunk was unpacked whole for the quarter of an hour at its edge.

-- The first whole step, of fixed length, at or after a moment: in UTC, where adding depends on nothing.
CREATE FUNCTION bin_up(step interval, at timestamptz) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT date_bin(step, (at AT TIME ZONE 'UTC') + step - INTERVAL '1 microsecond', '2000-01-01 00:00:00'::timestamp)
       AT TIME ZONE 'UTC'
$$;

-- A moment moved back by the length of [since, until) on the clock of the zone.
CREATE FUNCTION moved_back(at timestamptz, since timestamptz, until timestamptz, tz text) RETURNS timestamptz
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
SELECT ((at AT TIME ZONE tz) - ((until AT TIME ZONE tz) - (since AT TIME ZONE tz))) AT TIME ZONE tz
$$;

CREATE OR REPLACE FUNCTION dosing_edges(since timestamptz, until timestamptz)
RETURNS TABLE (quarters_from timestamptz, sixes_from timestamptz, sixes_to timestamptz, quarters_to timestamptz)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT q.a, s.a, greatest(date_bin('6 hours', q.b, '2000-01-01 00:00:00+00'), s.a), q.b
  FROM (SELECT least(public.bin_up('15 minutes', since), until) AS a) AS first
 CROSS JOIN LATERAL (SELECT first.a, greatest(date_bin('15 minutes', until, '2000-01-01 00:00:00+00'), first.a)
                     AS b) AS q
 CROSS JOIN LATERAL (SELECT least(public.bin_up('6 hours', q.a), q.b) AS a) AS s
$$;

CREATE OR REPLACE FUNCTION batch_ends(since timestamptz, until timestamptz, step interval)
RETURNS TABLE (at timestamptz, device_id text, recipe text, completed bigint, aborted bigint)
LANGUAGE sql STABLE PARALLEL SAFE AS $$
SELECT r.bucket, r.device_id, r.recipe, r.completed, r.aborted
  FROM public.batch_ends_1h AS r
 WHERE step >= INTERVAL '1 hour'
   AND r.bucket >= public.bin_up('1 hour', since)
   AND r.bucket < date_bin('1 hour', until, '2000-01-01 00:00:00+00')
 UNION ALL
SELECT r.bucket, r.device_id, r.recipe, r.completed, r.aborted
  FROM public.batch_ends_15m AS r
 WHERE step < INTERVAL '1 hour'
   AND r.bucket >= public.bin_up('15 minutes', since)
   AND r.bucket < date_bin('15 minutes', until, '2000-01-01 00:00:00+00')
 UNION ALL
(SELECT DISTINCT e.time, e.device_id, e.recipe, (e.event = 'complete')::int::bigint, (e.event = 'abort')::int::bigint
  FROM public.batch_events AS e
 WHERE e.event IN ('complete', 'abort')
   AND e.time >= since
   AND e.time < least(public.bin_up(step, since), until))
 UNION ALL
(SELECT DISTINCT e.time, e.device_id, e.recipe, (e.event = 'complete')::int::bigint, (e.event = 'abort')::int::bigint
  FROM public.batch_events AS e
 WHERE e.event IN ('complete', 'abort')
   AND e.time >= greatest(date_bin(step, until, '2000-01-01 00:00:00+00'), least(public.bin_up(step, since), until))
   AND e.time < until)
$$;
