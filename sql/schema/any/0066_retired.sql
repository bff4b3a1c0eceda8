-- The stations, and the tanks as their chemical, that were taken out of service for good, by the journal: their alarm RETIRED is
-- out of service. dosing_tui.domain.alarm_rules.retirement computes the same.
CREATE FUNCTION list_retired(of_site text) RETURNS TABLE (device_id text, chemical text)
LANGUAGE sql STABLE PARALLEL SAFE ROWS 10 AS $$
SELECT last.device_id, last.item
  FROM (SELECT DISTINCT ON (j.device_id, j.item) j.device_id, j.item, j.event
          FROM public.alarm_journal AS j
         WHERE j.site = of_site AND j.rule = 'RETIRED' AND j.event IN ('remove from service', 'return to service')
         ORDER BY j.device_id, j.item, j.id DESC) AS last
 WHERE last.event = 'remove from service'
$$;
