"""The log of pumps and scales."""
