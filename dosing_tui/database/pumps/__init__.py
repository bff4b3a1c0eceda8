"""The log of pumps and scales, and the state of each pump by it."""
