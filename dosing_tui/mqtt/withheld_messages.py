"""Messages that the broker has numbered for this client, but does not send. Pure.

A broker numbers a session's QoS 1 messages in the order in which it queues them, so a packet ID that is left
out belongs to a message that waits at the broker. Mosquitto 2.0.11 leaves some out after a reconnect with
more messages in flight than its limit, once a QoS 0 message overtakes them; the next connection brings them.
"""

from collections.abc import Iterable
from datetime import datetime, timedelta

from dosing_tui.domain.quantities.set_back_clock import is_due
from dosing_tui.mqtt.publish_frames import PublishFrame

LAST_PACKET_ID = 65_535
MAX_GAP = 20_000
"""IDs further ahead are no gap: a broker that numbers in another way."""
STUCK_AFTER = timedelta(seconds=10)
"""No ID of a gap has come for so long: only a new connection brings them."""
MAX_FRUITLESS = 2
"""Connections that brought none of the missing IDs: this broker leaves IDs out for good."""


class WithheldMessages:
    """Follows one client's packet IDs, for paho's thread; the watchdog may see its state a little late."""

    def __init__(self) -> None:
        self._newest: int | None = None
        self._missing: set[int] = set()
        self._changed_at: datetime | None = None
        self._fruitless = 0

    def __len__(self) -> int:
        return len(self._missing)

    def on_connect(self, now: datetime, *, is_session_resumed: bool) -> None:
        """Missing messages may come now, unless the session is new; others may have received meanwhile."""
        self._newest, self._changed_at = None, now
        if not is_session_resumed:
            self._missing = set()

    def add_frames(self, frames: Iterable[PublishFrame], now: datetime) -> None:
        """Enter the packet IDs of received messages, in their order."""
        ids = [frame.packet_id for frame in frames if frame.packet_id]
        if not ids or self._fruitless > MAX_FRUITLESS:
            return
        if self._missing:
            self._remove_arrived(ids, now)
        newest = ids[0] if self._newest is None else self._newest
        if ids[0] == newest + 1 and ids[-1] - newest == len(ids):
            self._newest = ids[-1]  # nearly always
            return
        for packet_id in ids:
            ahead = (packet_id - newest) % LAST_PACKET_ID
            if 1 < ahead <= MAX_GAP:
                self._changed_at = self._changed_at if self._missing else now
                self._missing.update((newest + step) % LAST_PACKET_ID for step in range(1, ahead))
            if 0 < ahead <= LAST_PACKET_ID // 2:
                newest = packet_id
        self._newest = newest

    def take_stuck(self, now: datetime) -> int:
        """Number of messages for which to connect again; 0 if none is missing, or they may still come."""
        if not self._missing or not is_due(self._changed_at, now, STUCK_AFTER):
            return 0
        self._changed_at = now
        self._fruitless += 1
        if self._fruitless > MAX_FRUITLESS:
            self._missing = set()
        return len(self._missing)

    def _remove_arrived(self, ids: Iterable[int], now: datetime) -> None:
        before = len(self._missing)
        self._missing.difference_update(packet_id % LAST_PACKET_ID for packet_id in ids)
        if len(self._missing) < before:
            self._changed_at, self._fruitless = now, 0
