-- End the sessions that keep this role's from their locks.
SELECT process, role_name, program, address, held_s, is_ended
  FROM end_blocking_sessions()
