"""The command palette: every action, screen, range and filter, found by a few letters."""
