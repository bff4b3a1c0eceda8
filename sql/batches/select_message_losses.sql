-- Messages that stations lost by their numbers, as it was learned in [from, to); negative: they came after all.
SELECT device_id, at, lost AS count, detail AS numbers
  FROM station_changes
 WHERE kind = 'lost' AND lost <> 0 AND at >= %(from)s::timestamptz AND at < %(to)s::timestamptz
 ORDER BY at, id
