-- Lock the audit trail until the transaction ends: entries keep their order.
SELECT lock_audit_trail()
