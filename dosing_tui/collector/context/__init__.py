"""Context of the collector's parts: interfaces, status, intervals, local state."""
