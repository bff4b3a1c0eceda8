-- Days in the configuration of one policy of a hypertable or continuous aggregate; no row without the policy.
SELECT (extract(epoch FROM (j.config ->> %(key)s)::interval) / 86400)::int AS days
  FROM timescaledb_information.jobs AS j
  LEFT JOIN timescaledb_information.continuous_aggregates AS a
         ON a.view_schema = 'public' AND a.view_name = %(relation)s
 WHERE j.proc_name = %(policy)s
   AND ((j.hypertable_schema, j.hypertable_name) = ('public', %(relation)s)
        OR (j.hypertable_schema, j.hypertable_name)
         = (a.materialization_hypertable_schema, a.materialization_hypertable_name))
