"""Counts the new occurrences of alarms, for the flood."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

from dosing_tui.domain.alarms.journal_projection import AlarmTransition
from dosing_tui.domain.alarms.snapshot import FLOOD_PERIOD, is_flood_active

MAX_RAISES = 10_000


class FloodCounter:
    def __init__(self) -> None:
        self._raise_times: dict[UUID, datetime] = {}
        """By entry UUID, because the process reads its own entries back from the journal."""
        self.is_flood = False

    @property
    def count(self) -> int:
        """Number of occurrences within FLOOD_PERIOD of the last ``update``."""
        return len(self._raise_times)

    @property
    def raise_times(self) -> tuple[datetime, ...]:
        return tuple(self._raise_times.values())

    def restart(self, raise_times: Iterable[datetime]) -> None:
        self._raise_times = {uuid4(): at for at in raise_times}

    def add(self, transition: AlarmTransition) -> None:
        """Count a transition if it is a new occurrence."""
        if transition.is_new_occurrence and len(self._raise_times) < MAX_RAISES:
            self._raise_times[transition.entry.uuid] = transition.entry.at

    def update(self, now: datetime) -> None:
        """Forget old occurrences. Entries of an outage arrive later, so that they are in no order."""
        self._raise_times = {entry: at for entry, at in self._raise_times.items() if at > now - FLOOD_PERIOD}
        self.is_flood = is_flood_active(self.is_flood, len(self._raise_times))
