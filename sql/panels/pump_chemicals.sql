-- What each pump doses, the pumps first that broke with it: 'set' by alarms.pump_chemicals, 'any' by it, else 'learnt' from the
-- last 200 doses if at least 198 of them are of one chemical, else 'not learnt'. own_percent is the share of its chemical in
-- these doses, other_at the last dose of another one. It is the present state, whatever the window. docs/capability.md.
WITH newest AS (
SELECT definition::jsonb -> 'pump_chemicals' AS names
  FROM tolerance_rules
 WHERE valid_from <= %(now)s::timestamptz
 ORDER BY valid_from DESC, version DESC
 LIMIT 1
), counted AS MATERIALIZED (
SELECT device_id, pump, fold_name(chemical) AS chemical_key, sum(doses)::bigint AS doses, max(last_at) AS last_at,
       (array_agg(chemical ORDER BY last_at DESC, chemical))[1] AS chemical
  FROM recent_pump_chemicals(%(now)s::timestamptz, %(device)s::text[])
 GROUP BY 1, 2, 3
), pumps AS (
SELECT device_id, pump, sum(doses)::integer AS doses, max(doses) AS most_doses,
       (array_agg(chemical ORDER BY doses DESC, chemical))[1] AS most,
       (SELECT n.names ->> (c.pump - 1) FROM newest AS n WHERE c.pump > 0) AS named
  FROM counted AS c
 GROUP BY 1, 2
), known AS (
SELECT device_id, pump, doses, coalesce(nullif(named, ''), most) AS chemical,
       CASE WHEN named <> '' THEN 'set'
            WHEN named = '' THEN 'any'
            WHEN doses = 200 AND 100 * most_doses >= 99 * doses THEN 'learnt'
            ELSE 'not learnt' END AS basis
  FROM pumps
), compared AS (
SELECT k.device_id, k.pump, k.chemical, k.basis, k.doses,
       100.0 * coalesce(sum(c.doses) FILTER (WHERE c.chemical_key = fold_name(k.chemical)), 0) / k.doses AS own_percent,
       (array_agg(c.chemical ORDER BY c.last_at DESC, c.chemical)
           FILTER (WHERE c.chemical_key <> fold_name(k.chemical)))[1] AS other,
       max(c.last_at) FILTER (WHERE c.chemical_key <> fold_name(k.chemical)) AS other_at
  FROM known AS k
  JOIN counted AS c USING (device_id, pump)
 GROUP BY 1, 2, 3, 4, 5
)
SELECT device_id, pump, chemical, basis, own_percent::float8, doses, coalesce(other, '') AS other_chemical, other_at
  FROM compared
 WHERE (%(chemical)s::text[] IS NULL OR fold_name(chemical) IN (SELECT fold_name(n) FROM unnest(%(chemical)s::text[]) AS n))
   AND (%(pump)s::integer[] IS NULL OR pump = ANY (%(pump)s::integer[]))
 ORDER BY (basis IN ('set', 'learnt') AND own_percent < 100) DESC, device_id, pump
