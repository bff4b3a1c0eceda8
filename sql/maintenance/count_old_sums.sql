-- Rows of rollups, hourly history and rejected messages: those older than so many days, all, and the oldest one's day.
SELECT count(*) FILTER (WHERE at < now() - make_interval(days => %(days)s)), count(*),
       coalesce(to_char(min(at) FILTER (WHERE at >= '2020-01-01'), 'YYYY-MM-DD'), '')
  FROM (SELECT bucket FROM dosing_rollup_15m
         UNION ALL SELECT bucket FROM dosing_rollup_6h
         UNION ALL SELECT bucket FROM plant_rollup
         UNION ALL SELECT bucket FROM pump_rollup
         UNION ALL SELECT bucket FROM dosing_hourly_history
         UNION ALL SELECT received_at FROM rejected_messages) AS sums (at)
