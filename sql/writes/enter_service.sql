-- Enter what was done to a pump or a scale; returns the entry's number.
SELECT enter_service(%(request_id)s::uuid, %(at)s::timestamptz, %(device)s::text, %(pump)s::integer, %(kind)s::text,
                     %(target_g)s::float8, %(readings_g)s::float8[], %(withdraws)s::bigint, %(note)s::text,
                     %(person)s::text, %(os_user)s::text)
