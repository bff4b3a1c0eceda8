"""Default limits of the plant, used by the settings, the alarm rules and the batch review."""

STOCK_LOW_PERCENT = 20.0
"""Low limit of a tank level, in percent of its capacity."""
STOCK_WARN_PERCENT = 50.0
"""Upper end of the warning band of a tank level, in percent of its capacity."""
CPK_LOW = 0.5
"""Cpk below which a pump is not capable."""
TOLERANCE_G = 0.5
"""Maximum absolute error of a dose within tolerance, in g."""
MAX_DURATION_MS = 300_000
"""Time-out of a pump, in ms. No dose lasts longer: a greater duration is a miscalculation of the station."""
ERROR_RATE_PERCENT = 5.0
"""Maximum share of doses out of tolerance within one hour, in percent."""
