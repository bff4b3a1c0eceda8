"""Which entries of the alarm journal are asked for. Pure."""

from dataclasses import dataclass
from datetime import datetime

from dosing_tui.domain.alarms.models import Event, Shown

AT_ONCE = 5_000
"""Most entries of one answer."""


@dataclass(frozen=True, slots=True)
class JournalFilter:
    """Which entries; '' and () let everything through. ``tag`` may be any part of rule/station/thing."""

    since: datetime
    until: datetime
    tag: str = ""
    events: tuple[Event, ...] = ()
    user: str = ""
    """A name, an account or a database role, whole."""
    shown: tuple[Shown, ...] = ()
    """Only of alarms that are in one of these states now. Of what is normal there is no list."""
    most: int = AT_ONCE
    before: int = 0
    """Of the entries at ``until`` itself only those with a lower id: so the next page goes on."""
