"""Result of a rule, and the inputs of the rules other than readings."""

from datetime import datetime
from typing import NamedTuple

from msgspec import Struct, field

from dosing_tui.domain.alarms.models import AlarmKey, Priority
from dosing_tui.domain.materials.lots.tank_lots import TankLots


class Detection(NamedTuple):
    """Result of one evaluation. ``active`` is None if unchanged: in the deadband, or unknown."""

    key: AlarmKey
    active: bool | None
    message: str = ""
    value: float | None = None
    limit: float | None = None
    priority: Priority | None = None
    """Priority instead of the rule's."""
    disproved_by: str = ""
    """What proves this detection, which was active, wrong: a late message, say."""


def is_above(value: float, limit: float, *, returns_at: float) -> bool | None:
    """Return whether a value is above its limit; None in the deadband down to ``returns_at``.

    >>> [is_above(value, 5.0, returns_at=4.5) for value in (5.1, 4.8, 4.5)]
    [True, None, False]
    """
    return True if value > limit else False if value <= returns_at else None


class ConnectionState(Struct, frozen=True):
    """State of a connection since ``since``; ``is_up`` is None until the first result."""

    is_up: bool | None = None
    since: datetime | None = None
    reason: str = ""


class DatabasePartState(NamedTuple):
    """Something that the program does with the database; ``fault`` is a sentence, '' while it works."""

    part: str
    fault: str


class TopicAccess(NamedTuple):
    """Whether the broker lets the collector's account read this topic."""

    topic: str
    is_refused: bool


class EvaluationContext(Struct, frozen=True):
    """Inputs other than readings, as of ``now`` (UTC)."""

    now: datetime
    broker: ConnectionState = field(default_factory=ConnectionState)
    database: ConnectionState = field(default_factory=ConnectionState)
    database_parts: tuple[DatabasePartState, ...] = ()
    topics: tuple[TopicAccess, ...] = ()
    spool_count: int = 0
    oldest_spooled_at: datetime | None = None
    spool_percent: float = 0.0
    is_intake_stopped: bool = False
    """The spool takes no message: the broker queues them."""
    is_intake_shared: bool = False
    """Another program may receive some of the messages: it uses the same client ID."""
    tank_lots: tuple[TankLots, ...] = ()
    """Of the tanks for which lots are entered."""
    is_shift_scheduled: bool = True
    """A shift is scheduled, or no shifts are configured."""
