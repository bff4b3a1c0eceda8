"""Time range and filters, and what a tile may read when it is drawn."""
