"""Batches in the database: reconstruction, lists, reviews and verification."""
