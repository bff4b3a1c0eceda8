"""Tiles of the pumps."""
