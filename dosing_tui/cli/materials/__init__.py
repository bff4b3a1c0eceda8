"""``dosing-tui materials``: the material ledger."""
