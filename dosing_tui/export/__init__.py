"""Rows out of the program: CSV, JSON, text."""
