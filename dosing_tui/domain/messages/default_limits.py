"""Default values of the plant's limits. Settings, alarm rules and batch review take them from here."""

STOCK_LOW_PERCENT = 20.0
"""A tank below this is low."""
STOCK_WARN_PERCENT = 50.0
"""A tank up to this is marked."""
TOLERANCE_G = 0.5
"""A dose further from its target than this is out of tolerance."""
ERROR_RATE_PERCENT = 5.0
"""Share of the doses of an hour that may be out of tolerance."""
