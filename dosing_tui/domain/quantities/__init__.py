"""Quantities: their texts with units, and the age from which a value is old."""
