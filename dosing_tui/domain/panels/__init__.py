"""One declaration per panel, and what a panel may be filtered by. Pure."""
