"""What is known of an alarm, and what a journal entry says, as frozen records."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID


class Priority(StrEnum):
    """How soon somebody has to act."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    DIAGNOSTIC = "diagnostic"

    @property
    def rank(self) -> int:
        """0 is the most urgent."""
        return list(Priority).index(self)


class AlarmEvent(StrEnum):
    """What may happen to an alarm; each journal entry is one of these."""

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
    """The states of ISA-18.2, A to I."""

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
"""Nobody can shelve for longer, whatever a site's settings say: every process has to judge an entry alike."""


class AlarmKey(NamedTuple):
    """Which alarm: a rule about a station, and about one thing of it (a chemical, a pump); '' where none."""

    rule: str
    device: str = ""
    item: str = ""

    @property
    def tag(self) -> str:
        """
        >>> AlarmKey("STOCK_LOW", "dosing_system_01", "T-12").tag
        'STOCK_LOW/dosing_system_01/T-12'
        """
        return "/".join(part for part in self if part)


@dataclass(frozen=True, slots=True)
class Actor:
    """A person as far as it is known; all '' when the program itself acted.

    ``role`` is the database's own word, and '' until the entry is in the journal.
    """

    name: str = ""
    os_user: str = ""
    role: str = ""


SYSTEM_ACTOR = Actor()


@dataclass(frozen=True, slots=True)
class JournalEntry:
    """One row of the journal: one event of one alarm."""

    uuid: UUID
    key: AlarmKey
    event: AlarmEvent
    at: datetime
    """When it happened (UTC)."""
    received_at: datetime
    """When the process that wrote the entry knew of it (UTC)."""
    priority: Priority
    rule_version: int
    message: str = ""
    value: float | None = None
    limit: float | None = None
    latching: bool = False
    """Of a return: the alarm stays until somebody resets it."""
    active: bool = False
    """Of an end of shelving, suppression or being out of service: whether the condition holds then."""
    occurrence: UUID | None = None
    """Of an acknowledgement or reset: the occurrence that was seen; the entry's own for what begins one."""
    until: datetime | None = None
    """Of shelving: its end."""
    who: Actor = SYSTEM_ACTOR
    offline: bool = False
    """A person did it while the database was away, so under no database role: it was journaled later."""
    comment: str = ""
    id: int = 0
    """Place in the journal, 0 before it has one. The order of the ids is the order of events."""


@dataclass(frozen=True, slots=True)
class Suppression:
    """Why an alarm is not annunciated. ``until`` is never None for a shelved one."""

    shown: AlarmStateName
    since: datetime
    why: str
    who: Actor = SYSTEM_ACTOR
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlarmState:
    """One alarm. While it is hidden, ``active``, ``acked`` and ``latched`` stay as they were."""

    key: AlarmKey
    priority: Priority = Priority.LOW
    active: bool = False
    acked: bool = False
    latched: bool = False
    hiding: Suppression | None = None
    occurrence: UUID | None = None
    count: int = 0
    """How often it was raised since it was last normal."""
    raised_at: datetime | None = None
    returned_at: datetime | None = None
    acked_at: datetime | None = None
    acked_by: Actor = SYSTEM_ACTOR
    comment: str = ""
    """Of the newest acknowledgement."""
    message: str = ""
    value: float | None = None
    limit: float | None = None
    rule_version: int = 0

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
        """It is in the list that somebody has to work through."""
        return self.state_name is not AlarmStateName.NORMAL and self.state_name not in SUPPRESSED_STATES
