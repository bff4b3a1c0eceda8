-- True if the relation has an index that begins with time.
SELECT EXISTS (SELECT FROM pg_index AS i
                 JOIN pg_attribute AS a ON a.attrelid = i.indrelid AND a.attname = 'time' AND a.attnum = i.indkey[0]
                WHERE i.indrelid = %(relation)s::regclass AND i.indisvalid AND i.indpred IS NULL)
