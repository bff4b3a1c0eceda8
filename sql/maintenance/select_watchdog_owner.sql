-- The owner of the function that ends sessions; no row before its migration.
SELECT proowner::regrole::text
  FROM pg_proc
 WHERE proname = 'end_blocking_sessions' AND pronamespace = 'public'::regnamespace
