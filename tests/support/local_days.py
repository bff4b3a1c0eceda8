"""The plant's day as the range 'today' resolves it, and a plant far from its end."""

from datetime import UTC, datetime, timedelta, tzinfo

from dosing_tui.domain.time.range_parser import resolve_range
from dosing_tui.domain.time.time_range import RangeSpec, TimeRange


def get_today(now: datetime, zone: tzinfo) -> TimeRange:
    """Return the current local day, midnight to midnight: 23, 24 or 25 hours."""
    return resolve_range(RangeSpec("today"), now, zone)


def find_zone_where_it_is(hour: int, now: datetime) -> str:
    """The name of a zone without clock changes. Its time at ``now`` is within half an hour of ``hour``.

    For tests on the real clock: nothing they store or ask for falls on two days.

    >>> find_zone_where_it_is(12, datetime(2026, 11, 30, 23, 58, tzinfo=UTC))
    'Etc/GMT-12'
    >>> find_zone_where_it_is(20, datetime(2026, 11, 30, 0, 2, tzinfo=UTC))
    'Etc/GMT+4'
    """
    behind = round((now.astimezone(UTC) - timedelta(hours=hour)).timestamp() / 3600) % 24
    return f"Etc/GMT{(behind + 12) % 24 - 12:+d}"
