"""What a rule finds, and what it may look at besides the readings."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from dosing_tui.domain.alarms.models import AlarmKey, Priority


class Finding(NamedTuple):
    """A condition, looked at once. ``active`` is None where it stays as it was: in the dead band, unknown."""

    key: AlarmKey
    active: bool | None
    message: str = ""
    value: float | None = None
    limit: float | None = None
    priority: Priority | None = None
    """Other than the rule's."""


@dataclass(frozen=True, slots=True)
class LinkView:
    """``up`` is None while it is not known yet."""

    up: bool | None = None
    since: datetime | None = None
    why: str = ""


@dataclass(frozen=True, slots=True)
class Outlook:
    """Everything but readings, as of ``now`` (UTC)."""

    now: datetime
    broker: LinkView = field(default_factory=LinkView)
    database: LinkView = field(default_factory=LinkView)
    spooled: int = 0
    spooled_since: datetime | None = None
    spool_percent: float = 0.0
    on_duty: bool = True
    """A shift is scheduled, or no shifts are known."""
