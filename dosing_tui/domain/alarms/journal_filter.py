"""Which entries of the alarm journal are asked for. Pure."""

from dataclasses import dataclass
from datetime import datetime

from dosing_tui.domain.alarms.models import AlarmEvent, AlarmStateName

MAX_ENTRIES = 5_000
"""Most entries of one answer."""


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which entries; '' and () let everything through. ``tag`` may be any part of rule/station/thing."""

    since: datetime
    until: datetime
    tag: str = ""
    events: tuple[AlarmEvent, ...] = ()
    user: str = ""
    """A name, an account or a database role, whole."""
    state_names: tuple[AlarmStateName, ...] = ()
    """Only of alarms that are in one of these states now. Of what is normal there is no list."""
    max_entries: int = MAX_ENTRIES
    before_id: int = 0
    """Of the entries at ``until`` itself only those with a lower id: so the next page goes on."""
