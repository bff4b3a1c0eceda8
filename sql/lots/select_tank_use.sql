-- Mass in g that was dosed from tanks of a station in each of these times [since, until), in their order.
SELECT coalesce((SELECT r.mass_g FROM tank_use(%(device)s, u.tank, u.since, u.until) AS r),
                (SELECT coalesce(sum(r.sum_actual_g), 0)
                   FROM dosing_sums(u.since, u.until, ARRAY[%(device)s]) AS r
                  WHERE fold_name(r.chemical) = u.tank))
  FROM unnest(%(tank)s::text[], %(since)s::timestamptz[], %(until)s::timestamptz[]) WITH ORDINALITY
       AS u (tank, since, until, place)
 ORDER BY u.place
