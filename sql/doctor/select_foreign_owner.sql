-- The owner of the tables, unless this role may act as their owner.
SELECT c.relowner::regrole::text AS owner_name
  FROM pg_class AS c
 WHERE c.oid = to_regclass('public.dosing_consumption') AND NOT pg_has_role(current_user, c.relowner, 'MEMBER')
