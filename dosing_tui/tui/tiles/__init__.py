"""The tiles: for each, what it takes from a moment and how that is painted. Pure."""
