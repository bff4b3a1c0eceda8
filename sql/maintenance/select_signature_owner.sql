-- The owner of the functions that sign.
SELECT proowner::regrole::text
  FROM pg_proc
 WHERE proname = 'enter_review' AND pronamespace = 'public'::regnamespace
