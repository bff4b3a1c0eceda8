"""Frozen records of alarms and journal entries (ISA-18.2, IEC 62682)."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from msgspec import Struct


class Priority(StrEnum):
    """Alarm priority: the urgency of the operator's response."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    DIAGNOSTIC = "diagnostic"

    @property
    def rank(self) -> int:
        """Sort position; 0 is the highest priority."""
        return _RANKS[self]


_RANKS = {priority: rank for rank, priority in enumerate(Priority)}


class AlarmEvent(StrEnum):
    """Transition of an alarm; each journal entry records one."""

    RAISE = "raise"
    RETURN = "return"
    ACKNOWLEDGE = "acknowledge"
    RESET = "reset"
    REALARM = "re-alarm"
    ESCALATE = "escalate"
    SHELVE = "shelve"
    UNSHELVE = "unshelve"
    SHELVE_EXPIRE = "expire"
    SUPPRESS = "suppress"
    UNSUPPRESS = "release"
    REMOVE_FROM_SERVICE = "remove from service"
    RETURN_TO_SERVICE = "return to service"


OPERATOR_EVENTS = frozenset(
    {
        AlarmEvent.ACKNOWLEDGE,
        AlarmEvent.RESET,
        AlarmEvent.SHELVE,
        AlarmEvent.UNSHELVE,
        AlarmEvent.REMOVE_FROM_SERVICE,
        AlarmEvent.RETURN_TO_SERVICE,
    }
)


class AlarmStateName(StrEnum):
    """Alarm states A to I of ISA-18.2."""

    NORMAL = "normal"
    UNACK = "unacknowledged"
    ACKED = "acknowledged"
    RTN_UNACK = "returned unacknowledged"
    LATCHED_UNACK = "latched unacknowledged"
    LATCHED_ACKED = "latched acknowledged"
    SHELVED = "shelved"
    SUPPRESSED = "suppressed by design"
    OUT_OF_SERVICE = "out of service"


SUPPRESSED_STATES = frozenset(
    {AlarmStateName.SHELVED, AlarmStateName.SUPPRESSED, AlarmStateName.OUT_OF_SERVICE}
)
UNACKNOWLEDGED_STATES = frozenset(
    {AlarmStateName.UNACK, AlarmStateName.RTN_UNACK, AlarmStateName.LATCHED_UNACK}
)

MAX_SHELVE_DURATION = {
    Priority.HIGH: timedelta(minutes=30),
    Priority.MEDIUM: timedelta(hours=4),
    Priority.LOW: timedelta(hours=12),
    Priority.DIAGNOSTIC: timedelta(hours=12),
}
"""Maximum shelving time per priority. Not configurable: all processes have to accept the same entries."""


MAX_ITEM_CELLS = 160
"""Longest item, in terminal cells: topics differ at their end."""


class AlarmKey(NamedTuple):
    """Identity of an alarm: rule, station and item (a chemical, a pump, ...); '' if not applicable.

    Station and item are as the journal gives them back: sanitized, the item to MAX_ITEM_CELLS.
    """

    rule: str
    device: str = ""
    item: str = ""

    @property
    def tag(self) -> str:
        """Alarm tag: the non-empty parts, separated by slashes.

        >>> AlarmKey("STOCK_LOW", "dosing_system_01", "T-12").tag
        'STOCK_LOW/dosing_system_01/T-12'
        """
        return "/".join(part for part in self if part)


class Actor(Struct, frozen=True):
    """Originator of a journal entry; all fields are '' if it is the program itself.

    ``role`` is the database role; it is '' until the database has stored the entry.
    """

    name: str = ""
    os_user: str = ""
    role: str = ""


SYSTEM_ACTOR = Actor()


class JournalEntry(Struct, frozen=True):
    """One row of the alarm journal: one event of one alarm."""

    uuid: UUID
    key: AlarmKey
    event: AlarmEvent
    at: datetime
    """Time of the event (UTC)."""
    received_at: datetime
    """Time at which the writing process received the event (UTC)."""
    priority: Priority
    rule_version: int
    message: str = ""
    value: float | None = None
    limit: float | None = None
    latching: bool = False
    """For RETURN: the alarm is latched until it is reset."""
    active: bool = False
    """For the end of a suppression (shelved, by design, out of service): the condition is true."""
    occurrence: UUID | None = None
    """For ACKNOWLEDGE and RESET: UUID of the occurrence that was displayed to the operator."""
    until: datetime | None = None
    """For SHELVE: end of the shelving time."""
    who: Actor = SYSTEM_ACTOR
    offline: bool = False
    """Entered during a database outage, without a database role, and journaled later."""
    comment: str = ""
    id: int = 0
    """Journal ID, 0 until it is stored. Events are applied in the order of the IDs."""


class Suppression(Struct, frozen=True):
    """Suppression of an alarm: shelved, by design or out of service.

    ``shown``: the displayed state; ``until``: end of the shelving time, never None for a shelved alarm.
    """

    shown: AlarmStateName
    since: datetime
    why: str
    who: Actor = SYSTEM_ACTOR
    until: datetime | None = None


class AlarmState(Struct, frozen=True):
    """State of one alarm. ``active``, ``acked`` and ``latched`` do not change during a suppression."""

    key: AlarmKey
    priority: Priority = Priority.LOW
    active: bool = False
    acked: bool = False
    latched: bool = False
    hiding: Suppression | None = None
    occurrence: UUID | None = None
    count: int = 0
    """Number of occurrences since the alarm was last normal."""
    raised_at: datetime | None = None
    returned_at: datetime | None = None
    acked_at: datetime | None = None
    acked_by: Actor = SYSTEM_ACTOR
    comment: str = ""
    """Comment of the last acknowledgement."""
    message: str = ""
    value: float | None = None
    limit: float | None = None
    rule_version: int = 0
    unacked_since: datetime | None = None
    """First annunciation since the last acknowledgement or suppression; None while acknowledged or normal."""

    @property
    def state_name(self) -> AlarmStateName:
        if self.hiding is not None:
            return self.hiding.shown
        if self.active:
            return AlarmStateName.ACKED if self.acked else AlarmStateName.UNACK
        if self.latched:
            return AlarmStateName.LATCHED_ACKED if self.acked else AlarmStateName.LATCHED_UNACK
        if self.count and not self.acked:
            return AlarmStateName.RTN_UNACK
        return AlarmStateName.NORMAL

    @property
    def is_annunciated(self) -> bool:
        """Whether the alarm is in the active alarm list: neither normal nor suppressed."""
        return self.state_name is not AlarmStateName.NORMAL and self.state_name not in SUPPRESSED_STATES
