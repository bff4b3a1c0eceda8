-- The days of tanks that are not closed are reckoned from the weeks, or chunks, around them: the others are left out once, and
-- not for each tank. The books of their counts are those of the panel (compute_tank_books), and the level before a drum change is
-- looked for by each spelling of the tank, as the others are: the index by time went through those of all stations.
DO $$
DECLARE
    body CONSTANT text := pg_get_functiondef('public.count_tank_days(text, timestamptz, text[], date[], text[])'::regprocedure);
    changed CONSTANT text := regexp_replace(replace(replace(replace(replace(body,
        chr(10) || 'BEGIN' || chr(10), $new$
DECLARE
    -- a day begins with the last level before it
    oldest CONSTANT timestamptz := (SELECT day_start(min(d.day), zone) - INTERVAL '7 days' FROM unnest(of_days) AS d (day));
    newest CONSTANT timestamptz := (SELECT least(day_start(max(d.day) + 1, zone), stop_at) FROM unnest(of_days) AS d (day));
BEGIN
$new$),
        'AND l.time < e.at AND l.time >= e.at - INTERVAL ''7 days''',
        'AND l.time < e.at AND l.time >= e.at - INTERVAL ''7 days'' AND l.time >= oldest AND l.time < newest'),
        'b.until + INTERVAL ''1 microsecond'') AS d', 'b.until + INTERVAL ''1 microsecond'', oldest, newest) AS d'),
        'FROM points AS p
 CROSS JOIN LATERAL compute_tank_book(p.device_id, p.chemical_key, p.at, true) AS b
', 'FROM (SELECT array_agg(device_id) AS stations, array_agg(chemical_key) AS tanks, array_agg(at) AS times, array_agg(true) AS are_before
          FROM points) AS q
 CROSS JOIN LATERAL compute_tank_books(q.stations, q.tanks, q.times, q.are_before) AS b
  JOIN points AS p ON p.device_id = b.device_id AND p.chemical_key = b.chemical_key AND p.at = b.at
'),
        'CROSS JOIN LATERAL \(SELECT o\.remaining_g.*?LIMIT 1\) AS l', $new$CROSS JOIN LATERAL (SELECT n.remaining_g
                                            FROM unnest(b.spellings) AS s (name)
                                           CROSS JOIN LATERAL (SELECT o.time, o.remaining_g, o.received_at, o.dedup
                                                                 FROM inventory_levels AS o
                                                                WHERE o.device_id = b.device_id AND o.chemical = s.name
                                                                  AND o.remaining_g IS NOT NULL AND o.time <= m.time
                                                                  AND o.time >= b.since AND o.time >= oldest AND o.time < newest
                                                                ORDER BY o.time DESC, o.received_at DESC, o.dedup DESC
                                                                LIMIT 1) AS n
                                           ORDER BY n.time DESC, n.received_at DESC, n.dedup DESC
                                           LIMIT 1) AS l$new$);
BEGIN
    IF changed NOT LIKE '%oldest CONSTANT%AND l.time >= oldest%oldest, newest) AS d%unnest(b.spellings)%compute_tank_books(q.stations%' THEN
        RAISE EXCEPTION 'the body of count_tank_days is not the known one';
    END IF;
    EXECUTE changed;
END $$;
