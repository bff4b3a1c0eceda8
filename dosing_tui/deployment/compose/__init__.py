"""Compose files, read in any legal form."""
