"""An alarm from its raising to its return, as reports tell it."""

from dataclasses import dataclass
from datetime import datetime

from dosing_tui.domain.alarms.models import AlarmKey, Priority


@dataclass(frozen=True, slots=True)
class Occurrence:
    """``returned_at`` None: its condition still holds. ``acked_at`` None: nobody has acknowledged it."""

    key: AlarmKey
    priority: Priority
    message: str
    raised_at: datetime
    returned_at: datetime | None
    acked_at: datetime | None
    acked_by: str
    comment: str
