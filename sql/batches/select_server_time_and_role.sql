-- The server's clock and the role of this session.
SELECT clock_timestamp() AS at, session_user::text AS db_role
