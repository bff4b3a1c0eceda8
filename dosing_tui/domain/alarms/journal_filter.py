"""Filter for queries of the alarm journal."""

from datetime import datetime

from msgspec import Struct

from dosing_tui.domain.alarms.models import AlarmEvent, AlarmStateName

MAX_ENTRIES = 5_000
"""Maximum number of entries per query."""


class JournalFilter(Struct, frozen=True):
    """Filter criteria; '' and () match all entries. ``tag`` matches any part of rule/station/item."""

    since: datetime
    until: datetime
    tag: str = ""
    events: tuple[AlarmEvent, ...] = ()
    user: str = ""
    """Complete operator name, operating-system account or database role."""
    state_names: tuple[AlarmStateName, ...] = ()
    """Only alarms currently in one of these states. NORMAL matches none."""
    device: tuple[str, ...] = ()
    """Only alarms of these stations."""
    max_entries: int = MAX_ENTRIES
    before_id: int = 0
    """Paging: among the entries at ``until``, only those with a lower ID."""
