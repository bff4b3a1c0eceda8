-- What a station's tanks held in [from, to): after each entry then, and after those at the newest time before.
WITH tanks AS (
SELECT chemical_key, coalesce(max(time) FILTER (WHERE time < %(from)s), %(from)s) AS since
  FROM material_entries
 WHERE device_id = %(device)s AND time < %(to)s
 GROUP BY 1
)
SELECT m.chemical_key, m.entry_id, m.time, m.kind, x.lots
  FROM tanks AS t
  JOIN material_entries AS m
    ON m.device_id = %(device)s AND m.chemical_key = t.chemical_key AND m.time >= t.since AND m.time < %(to)s
  JOIN tank_mixes AS x USING (entry_id)
