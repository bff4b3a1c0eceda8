"""Cells, styles, glyphs and number formats, and what repaints only what changed."""
