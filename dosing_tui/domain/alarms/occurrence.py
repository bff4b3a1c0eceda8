"""Alarm occurrence, from raise to return, for reports."""

from datetime import datetime

from msgspec import Struct

from dosing_tui.domain.alarms.models import AlarmKey, Priority


class Occurrence(Struct, frozen=True):
    """One occurrence. ``returned_at`` is None while active, ``acked_at`` while unacknowledged."""

    key: AlarmKey
    priority: Priority
    message: str
    raised_at: datetime
    returned_at: datetime | None
    acked_at: datetime | None
    acked_by: str
    comment: str
