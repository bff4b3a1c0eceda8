-- The owner of the functions that sign.
SELECT proowner::regrole::text AS owner_name
  FROM pg_proc
 WHERE proname = 'enter_review' AND pronamespace = 'public'::regnamespace
