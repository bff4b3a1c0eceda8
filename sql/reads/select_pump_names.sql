-- Numbers of the pumps that have dosed since a time, 90 days at least.
SELECT pump::text
  FROM (SELECT DISTINCT pump
          FROM pump_use
         WHERE bucket >= least(%(since)s::timestamptz, now() - INTERVAL '90 days')) AS used
 ORDER BY used.pump
