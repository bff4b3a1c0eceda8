"""Domain model and rules. No I/O and no clock; standard library only."""
