"""Outages of a connection in the last minute: one that comes and goes may be down for most of the time."""

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from dosing_tui.domain.alarm_rules.shared.detection import ConnectionState

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
    _up_since: datetime | None = None
    is_unstable: bool = False
    """It chatters, or has since it was last up for WINDOW."""

    def update(self, connection: ConnectionState, now: datetime, longest: timedelta) -> None:
        """Note the state at each tick; an outage between two ticks shows in the time since when it is up.

        ``longest``: of outages together that is no alarm.
        """
        self._note_outages(connection)
        while self._outages and (self._outages[0][1] or now) <= now - WINDOW:
            self._outages.popleft()
        is_often = self.count >= CHATTER_COUNT or (self.count > 1 and self.measure_outages(now) > longest)
        self.is_unstable = is_often or (self.is_unstable and self.count > 0)

    def _note_outages(self, connection: ConnectionState) -> None:
        since = connection.since
        if connection.is_up is None or since is None:
            return
        start, end = self._outages[-1] if self._outages else (None, since)
        if connection.is_up:
            if start is not None and end is None:
                self._outages[-1] = (start, max(since, start))
            elif self._up_since is not None and since > self._up_since:
                self._outages.append((since, since))
            self._up_since = since
        elif end is not None:
            self._outages.append((since, None))
        elif start is not None and since > start:  # it was up in between
            self._outages[-1] = (start, since)
            self._outages.append((since, None))

    @property
    def count(self) -> int:
        return len(self._outages)

    def measure_outages(self, now: datetime) -> timedelta:
        """How long the connection was down within WINDOW."""
        spans = ((end or now) - max(start, now - WINDOW) for start, end in self._outages)
        return sum((max(span, timedelta()) for span in spans), timedelta())
