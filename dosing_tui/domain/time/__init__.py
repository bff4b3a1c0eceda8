"""Time ranges, shifts and daylight saving time. No I/O."""
