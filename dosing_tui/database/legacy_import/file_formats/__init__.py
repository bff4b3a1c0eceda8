"""Formats of the files that history is imported from."""
