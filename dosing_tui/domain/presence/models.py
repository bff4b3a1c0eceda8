"""Frozen records of a station's status and of its lost messages."""

from datetime import datetime
from enum import StrEnum
from typing import TypeAlias

from msgspec import Struct
from msgspec.structs import replace


class ConnectionReport(StrEnum):
    """What the status topic says of the station's connection to the broker."""

    ONLINE = "online"
    OFFLINE = "offline"
    """Published by the station before it goes, or by the broker as its last will."""


class StationReport(Struct, frozen=True):
    """One message of a status topic. None is what it does not say, or not in a usable way (``flags``)."""

    device_id: str
    received_at: datetime
    is_retained: bool = False
    """The broker kept it: it is a state, and its age is not known."""
    status: ConnectionReport | None = None
    boot_id: str | None = None
    seq: int | None = None
    rssi_dbm: int | None = None
    firmware: str | None = None
    heap_free_bytes: int | None = None
    uptime_ms: int | None = None
    flags: tuple[str, ...] = ()
    is_cleared: bool = False
    """An empty message: the state is taken back."""

    @property
    def is_sign_of_life(self) -> bool:
        """The station itself has just sent it; a last will is of the broker."""
        is_of_station = self.status is not ConnectionReport.OFFLINE and not self.is_cleared
        return is_of_station and not self.is_retained


class MessageLoss(Struct, frozen=True):
    """Numbers that a station used and that never arrived.

    ``count`` is negative for messages that were counted as lost, and arrived after all; 0 when the count of
    a station begins.
    """

    device_id: str
    at: datetime
    count: int
    first: int
    last: int


class StationPresence(Struct, frozen=True):
    """What is known of a station's connection, by its last report and its sequence numbers."""

    device_id: str
    status: ConnectionReport | None = None
    """None: it has no status topic, or cleared it."""
    reported_at: datetime | None = None
    is_retained: bool = False
    """The state was kept by the broker: since when it holds is not known."""
    messages_lost: int = 0
    """Since this process began to collect."""

    def is_offline(self, last_message_at: datetime | None) -> bool:
        """Whether the broker says so, and no message of the station came after that."""
        if self.status is not ConnectionReport.OFFLINE or self.reported_at is None:
            return False
        return last_message_at is None or last_message_at <= self.reported_at

    def apply_report(self, report: StationReport) -> "StationPresence":
        """The state after a report. What the broker kept and only confirms leaves since when it holds.

        A station that was offline and now sends a report without a word is online.
        """
        if report.is_cleared:
            return replace(self, status=None, reported_at=report.received_at, is_retained=False)
        status = report.status
        if status is None and self.status is ConnectionReport.OFFLINE and report.is_sign_of_life:
            status = ConnectionReport.ONLINE
        if status is None or (report.is_retained and status is self.status):
            return self
        return replace(self, status=status, reported_at=report.received_at, is_retained=report.is_retained)

    def add_loss(self, loss: MessageLoss) -> "StationPresence":
        return replace(self, messages_lost=max(0, self.messages_lost + loss.count))


StationNews: TypeAlias = StationReport | MessageLoss
"""What is heard of a station beside its readings."""
