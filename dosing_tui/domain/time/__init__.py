"""Time ranges, shifts and daylight saving time. Pure."""
