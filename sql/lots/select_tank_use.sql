-- Mass in g that was dosed from tanks of a station in each of these times, in their order.
SELECT sum_tank_doses(%(device)s, u.tank, u.since, u.until)
  FROM unnest(%(tank)s::text[], %(since)s::timestamptz[], %(until)s::timestamptz[]) WITH ORDINALITY
       AS u (tank, since, until, place)
 ORDER BY u.place
