"""Whole reports in one read: the shift report, one batch record."""
