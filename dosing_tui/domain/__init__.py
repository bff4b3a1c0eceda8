"""What the plant says and what it means. Pure: no I/O, no clock, the standard library only."""
