-- Lots that were delivered to a place which is no station, and are not all put into tanks: what is left, in g, by lot in any
-- spelling. The last count of the lot at a place says what is there; what goes into tanks after it is no longer there.
WITH named AS (
SELECT m.*, fold_name(m.lot_number) AS lot_key,
       NOT (m.device_id = ANY (%(stations)s::text[])
            OR EXISTS (SELECT FROM device_last_seen AS s WHERE s.device_id = m.device_id)) AS is_place
  FROM material_entries AS m
 WHERE m.lot_number <> '' AND (%(chemical)s::text IS NULL OR m.chemical_key = fold_name(%(chemical)s))
), counted AS (
SELECT DISTINCT ON (chemical_key, lot_key, device_id) chemical_key, lot_key, device_id, entry_id,
       CASE WHEN kind = 'count' THEN time + INTERVAL '1 microsecond' ELSE time END AS since
  FROM named
 WHERE is_place AND kind IN ('count', 'drum_change') AND mass_g IS NOT NULL
 ORDER BY chemical_key, lot_key, device_id, time DESC, kind = 'count' DESC, entry_id DESC
), moved AS (
SELECT n.*, CASE WHEN n.entry_id = c.entry_id THEN n.mass_g
                 WHEN n.is_place AND n.time >= coalesce(c.since, '-infinity') THEN n.change_g
                 WHEN NOT n.is_place AND n.kind IN ('delivery', 'refill', 'drum_change')
                  AND n.time >= coalesce(last.since, '-infinity') THEN -n.mass_g END AS moved_g
  FROM named AS n
  LEFT JOIN counted AS c USING (chemical_key, lot_key, device_id)
  LEFT JOIN (SELECT chemical_key, lot_key, max(since) AS since FROM counted GROUP BY 1, 2) AS last
      USING (chemical_key, lot_key)
)
SELECT string_agg(DISTINCT device_id, ', ') FILTER (WHERE is_place) AS place, min(chemical) AS chemical,
       (array_agg(lot_number ORDER BY time DESC, entry_id DESC))[1] AS number,
       coalesce((array_agg(supplier ORDER BY time DESC, entry_id DESC) FILTER (WHERE supplier <> ''))[1], '') AS supplier,
       (array_agg(expires_on ORDER BY time DESC, entry_id DESC) FILTER (WHERE expires_on IS NOT NULL))[1] AS expires_on,
       coalesce((array_agg(certificate ORDER BY time DESC, entry_id DESC) FILTER (WHERE certificate <> ''))[1], '')
           AS certificate,
       min(time) FILTER (WHERE is_place) AS delivered_at, sum(moved_g) AS mass_g
  FROM moved
 GROUP BY chemical_key, lot_key
HAVING sum(moved_g) > 0 AND bool_or(is_place)
