-- The times whose readings were dropped: of these tables, each once. NULL: without a beginning.
SELECT lower(span) AS since, upper(span) AS until
  FROM unnest((SELECT range_agg(s.span)
                 FROM dropped_readings AS d
                CROSS JOIN LATERAL unnest(d.spans) AS s (span)
                WHERE d.table_name = ANY (%(tables)s))) AS span
 ORDER BY 1
