"""The plant's day as the range 'today' resolves it."""

from datetime import datetime, tzinfo

from dosing_tui.domain.time.range_parser import resolve_range
from dosing_tui.domain.time.time_range import RangeSpec, TimeRange


def get_today(now: datetime, zone: tzinfo) -> TimeRange:
    """Return the current local day, midnight to midnight: 23, 24 or 25 hours."""
    return resolve_range(RangeSpec("today"), now, zone)
