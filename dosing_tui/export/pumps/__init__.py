"""Files of what was done to pumps and scales."""
