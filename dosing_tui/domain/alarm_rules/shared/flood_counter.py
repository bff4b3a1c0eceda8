"""Counts the new occurrences of alarms, for the flood."""

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID, uuid4

from dosing_tui.domain.alarms.journal_projection import AlarmTransition
from dosing_tui.domain.alarms.models import AlarmKey
from dosing_tui.domain.alarms.snapshot import FLOOD_PERIOD, is_flood_active

MAX_RAISES = 10_000


class FloodCounter:
    def __init__(self) -> None:
        self._raise_times: dict[UUID | AlarmKey, datetime] = {}
        """By UUID of the journal's entry, which its writer reads back; by key until a viewer has read it."""
        self.is_flood = False

    @property
    def raise_times(self) -> tuple[datetime, ...]:
        return tuple(self._raise_times.values())

    def restart(self, raise_times: Iterable[datetime]) -> None:
        self._raise_times = {uuid4(): at for at in raise_times}

    def add(self, transition: AlarmTransition, identity: UUID | AlarmKey) -> None:
        """Count a transition if it is a new occurrence."""
        if transition.is_new_occurrence and len(self._raise_times) < MAX_RAISES:
            self._raise_times[identity] = transition.entry.at

    def confirm(self, transition: AlarmTransition) -> None:
        """Count a transition of the journal, in place of what this process has found itself."""
        if transition.is_new_occurrence:
            self._raise_times.pop(transition.entry.key, None)
        self.add(transition, transition.entry.uuid)

    def update(self, now: datetime, *, only_journaled: bool) -> int:
        """Forget old occurrences; return how many there were within FLOOD_PERIOD.

        Entries of an outage arrive later, so that they are in no order.
        """
        self._raise_times = {entry: at for entry, at in self._raise_times.items() if at > now - FLOOD_PERIOD}
        count = sum(isinstance(identity, UUID) or not only_journaled for identity in self._raise_times)
        self.is_flood = is_flood_active(self.is_flood, count)
        return count
