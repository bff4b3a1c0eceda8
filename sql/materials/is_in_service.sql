-- Whether tank t was not retired, nor its station.
NOT EXISTS (SELECT FROM list_retired(%(site)s::text) AS r
             WHERE r.device_id = t.device_id AND r.chemical IN ('', t.chemical))
