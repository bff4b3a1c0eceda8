"""What every part of the collector is given: interfaces, status, intervals, local state."""
