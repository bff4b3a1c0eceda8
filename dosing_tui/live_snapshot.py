"""What the plant and its links are like at one moment: what the collector publishes and the console draws."""

from collections.abc import Sequence
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple, Protocol

from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot
from dosing_tui.domain.labels.database_label import drop_database_name
from dosing_tui.domain.messages.models import BatchEvent, Dose, InventoryLevel, ReadingKind
from dosing_tui.domain.presence.models import StationPresence
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook


class LinkStatus(StrEnum):
    """State of the link to the broker or the database."""

    STARTING = "starting"
    UP = "up"
    PARTIAL = "partial"
    """The link works, but not for everything."""
    DOWN = "down"


class Role(StrEnum):
    UNDECIDED = "undecided"
    COLLECTOR = "collecting"
    STANDBY = "standby"
    VIEWER = "viewer"


class LinkState(Struct, frozen=True):
    """``reason`` is a sentence for the operator while the link is not fully up, else ''."""

    status: LinkStatus = LinkStatus.STARTING
    since: datetime | None = None
    reason: str = ""


class DatabasePart(StrEnum):
    """What the program does with the database beside storing readings. The value begins a sentence."""

    JOURNAL = "Alarm journal unavailable"
    JOURNAL_READING = "Alarm journal unreadable"
    NOTIFICATIONS = "Alarm notifications are disabled"
    BATCHES = "Batches are not updated"
    REVIEWS = "Reviews unavailable"
    MAINTENANCE = "Database maintenance failed"
    LOCKS = "Collector held up"
    """By the session of another user, for some minutes after its end."""
    COLLECTOR = "No collector"
    """Seen by a process that never collects itself, or that is elected and cannot: its spool has no room."""
    QUERIES = "Queries fail"
    """Of this console: panels, lists and reports."""


class DatabaseFault(NamedTuple):
    """A part that does not work while the database stores readings."""

    part: DatabasePart
    reason: str

    @property
    def sentence(self) -> str:
        """Without the database's name: in a narrow window only the beginning of it is seen."""
        return f"{self.part}: {drop_database_name(self.reason)}"


class MessageCounts(Struct, frozen=True):
    """Readings since the spool was created: ``received = stored + duplicates + spooled + rejected``."""

    received: int = 0
    stored: int = 0
    duplicates: int = 0
    spooled: int = 0
    rejected: int = 0
    possible_repeats: int = 0
    """Received readings that may be repeats, where the protocol cannot tell: part of the other figures."""

    @property
    def is_reconciled(self) -> bool:
        return self.received == self.stored + self.duplicates + self.spooled + self.rejected


class LiveSnapshot(Struct, frozen=True):
    """A consistent copy of everything at one moment. ``revision`` rises with every change of a field.

    ``received_counts`` counts live messages by kind, ``stored_counts`` committed readings by kind: a panel is
    refreshed when the count of one of its kinds has changed.
    """

    revision: int = 0
    levels: tuple[InventoryLevel, ...] = ()
    doses: tuple[Dose, ...] = ()
    """Newest first, by their own time."""
    events: tuple[BatchEvent, ...] = ()
    """Newest first."""
    device_last_seen: tuple[tuple[str, datetime], ...] = ()
    """Device -> receive time of its last message."""
    presences: tuple[StationPresence, ...] = ()
    """By station, of those with a status topic or sequence numbers."""
    last_message_at: datetime | None = None
    message_rate: float = 0.0
    """Messages per second over the last ten seconds."""
    received_counts: tuple[tuple[ReadingKind, int], ...] = ()
    stored_counts: tuple[tuple[ReadingKind, int], ...] = ()
    broker: LinkState = field(default_factory=LinkState)
    refused_topics: tuple[str, ...] = ()
    """Topics that the broker does not let this account read."""
    topic_last_message: tuple[tuple[str, datetime], ...] = ()
    """Topic -> receive time of its last live message, valid or not."""
    database: LinkState = field(default_factory=LinkState)
    """PARTIAL while there are ``database_faults``."""
    database_faults: tuple[DatabaseFault, ...] = ()
    failed_threads: tuple[str, ...] = ()
    """Names of the threads that failed and do not work again yet."""
    message_counts: MessageCounts = field(default_factory=MessageCounts)
    role: Role = Role.UNDECIDED
    alarms: AlarmSnapshot | None = None
    """None until the first evaluation."""
    tolerances: ToleranceBook | None = None
    """The database's; None until they were read: those of the settings count until then."""
    has_more_tanks: bool = False
    """There were more tanks than ``levels`` can hold: it has the newest."""
    has_more_stations: bool = False
    limits: AlarmLimits | None = None
    """The database's; None until they were read: those of the settings count until then."""
    notice: str = ""
    """A sentence on the mode of this process, e.g. why it does not collect; '' for none."""
    process_number: int = 0
    """Id of the collector process behind this snapshot; 0 for this process."""


class LiveSnapshotSource(Protocol):
    """Gives the console its snapshots: the state of this process, or of the collector process."""

    def get_snapshot(self, now: datetime) -> LiveSnapshot:
        """A copy as of ``now``; cheap enough for every tick."""

    def set_console_faults(self, faults: tuple[DatabaseFault, ...]) -> None:
        """Parts of the database that fail for the console, added to those that fail for the collector."""


def add_database_faults(snapshot: LiveSnapshot, faults: Sequence[DatabaseFault]) -> LiveSnapshot:
    """The snapshot with further faults, while the database is not down as a whole."""
    new = tuple(fault for fault in faults if fault not in snapshot.database_faults)
    if not new or snapshot.database.status not in (LinkStatus.UP, LinkStatus.PARTIAL):
        return snapshot
    every = (*snapshot.database_faults, *new)
    reason = " ".join(fault.sentence for fault in every)
    database = replace(snapshot.database, status=LinkStatus.PARTIAL, reason=reason)
    return replace(snapshot, database=database, database_faults=every)
