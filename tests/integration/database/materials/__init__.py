"""The material ledger, on a real server."""
