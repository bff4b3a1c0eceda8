"""Exports about materials: traces of lots and batches."""
