"""Alarm occurrence, from raise to return, for reports."""

from dataclasses import dataclass
from datetime import datetime

from dosing_tui.domain.alarms.models import AlarmKey, Priority


@dataclass(frozen=True, slots=True)
class Occurrence:
    """One occurrence. ``returned_at`` is None while active, ``acked_at`` while unacknowledged."""

    key: AlarmKey
    priority: Priority
    message: str
    raised_at: datetime
    returned_at: datetime | None
    acked_at: datetime | None
    acked_by: str
    comment: str
