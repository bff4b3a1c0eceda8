"""Lots of the chemicals in the database: contents of the tanks, and traces of batches."""
