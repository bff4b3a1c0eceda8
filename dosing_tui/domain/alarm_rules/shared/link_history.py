"""Outages of a connection in the last minute: one that comes and goes may be down for most of the time."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dosing_tui.domain.alarm_rules.shared.detection import ConnectionState
from dosing_tui.domain.quantities.set_back_clock import is_set_back

WINDOW = timedelta(seconds=60)
CHATTER_COUNT = 3
"""So many times within WINDOW is chattering (ISA-18.2)."""
MAX_OUTAGES = 64


@dataclass(slots=True)
class LinkHistory:
    """The end of an outage is None while it lasts."""

    _outages: deque[tuple[datetime, datetime | None]] = field(
        default_factory=lambda: deque(maxlen=MAX_OUTAGES)
    )
    is_unstable: bool = False
    """It chatters, or has since it was last up for WINDOW."""

    def update(self, connection: ConnectionState, now: datetime, longest: timedelta) -> None:
        """Note the state at a tick. ``longest``: of outages together that is no alarm."""
        if self._outages and is_set_back(self._outages[-1][0], now):
            self._outages.clear()
        self._note_outages(connection)
        while self._outages and (self._outages[0][1] or now) <= now - WINDOW:
            self._outages.popleft()
        is_often = self.count >= CHATTER_COUNT or (self.count > 1 and self.measure_outages(now) > longest)
        self.is_unstable = is_often or (self.is_unstable and self.count > 0)

    def _note_outages(self, connection: ConnectionState) -> None:
        since = connection.since
        if connection.is_up is None or since is None:
            return
        is_down = bool(self._outages) and self._outages[-1][1] is None
        if connection.is_up and is_down:
            start, _ = self._outages[-1]
            self._outages[-1] = (start, max(since, start))
        elif not connection.is_up and not is_down:
            self._outages.append((since, None))

    @property
    def count(self) -> int:
        return len(self._outages)

    def measure_outages(self, now: datetime) -> timedelta:
        """How long the connection was down within WINDOW."""
        spans = ((end or now) - max(start, now - WINDOW) for start, end in self._outages)
        return sum((max(span, timedelta()) for span in spans), timedelta())
