-- Add an entry to the audit trail.
INSERT INTO audit_trail (seq, at, action, subject, who, content, previous, hash)
VALUES (%(seq)s, %(at)s, %(action)s, %(subject)s, %(who)s, %(content)s, %(previous)s, %(hash)s)
