-- As list_retired, as of a time: the report of a shift leaves out what was retired before the shift began.
CREATE FUNCTION list_retired(of_site text, as_of timestamptz) RETURNS TABLE (device_id text, chemical text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
SELECT last.device_id, last.item
  FROM (SELECT DISTINCT ON (j.device_id, j.item) j.device_id, j.item, j.event
          FROM public.alarm_journal AS j
         WHERE j.site = of_site AND j.rule = 'RETIRED' AND j.event IN ('remove from service', 'return to service')
           AND j.at <= as_of
         ORDER BY j.device_id, j.item, j.id DESC) AS last
 WHERE last.event = 'remove from service'
$$;
