-- Add a reviewer's new PIN.
INSERT INTO reviewer_pins (who, pin_hash, audit_seq)
VALUES (%(who)s, %(pin_hash)s, %(audit_seq)s)
