"""The audit trail: hash chain and PINs."""
