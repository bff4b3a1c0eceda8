"""Who is notified of which alarm transition. Pure."""
