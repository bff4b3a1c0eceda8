"""What a rule finds, and what it may look at besides the readings."""

from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from dosing_tui.domain.alarms.models import AlarmKey, Priority


class Detection(NamedTuple):
    """A condition, looked at once. ``active`` is None where it stays as it was: in the dead band, unknown."""

    key: AlarmKey
    active: bool | None
    message: str = ""
    value: float | None = None
    limit: float | None = None
    priority: Priority | None = None
    """Other than the rule's."""


@dataclass(frozen=True, slots=True)
class ConnectionState:
    """``is_up`` is None while it is not known yet."""

    is_up: bool | None = None
    since: datetime | None = None
    reason: str = ""


@dataclass(frozen=True, slots=True)
class EvaluationContext:
    """Everything but readings, as of ``now`` (UTC)."""

    now: datetime
    broker: ConnectionState = field(default_factory=ConnectionState)
    database: ConnectionState = field(default_factory=ConnectionState)
    spool_count: int = 0
    oldest_spooled_at: datetime | None = None
    spool_percent: float = 0.0
    is_shift_scheduled: bool = True
    """A shift is scheduled, or no shifts are known."""
