-- Add a note; returns it as stored.
INSERT INTO operator_notes (at, text, author, os_user, device_id)
VALUES (%(at)s::timestamptz, %(text)s::text, %(author)s::text, %(os_user)s::text, %(device)s::text)
RETURNING id, at, noted_at, text, author, os_user, db_role, device_id AS device
