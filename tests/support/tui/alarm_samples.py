"""Alarms in any state, made without a plant, and a journal that is heard at once."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from msgspec.structs import replace

from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, AlarmState, JournalEntry
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView, build_snapshot
from dosing_tui.live_state import LiveState
from tests.support.tui.sample_plant import NOW

STATION = "dosing_system_01"


def make_state(
    rule: str, item: str = "", *, number: int = 1, message: str = "", **fields: object
) -> AlarmState:
    """Active and unacknowledged, where nothing else is said. ``number`` tells occurrences apart."""
    found = AlarmState(
        AlarmKey(rule, STATION, item),
        priority=RULES[rule].priority,
        active=True,
        occurrence=UUID(int=number),
        count=1,
        raised_at=NOW - timedelta(minutes=number),
        message=message or f"{RULES[rule].title}: {item or number}",
        value=16.3,
        limit=20.0,
    )
    return replace(found, **fields)  # type: ignore[arg-type]  # names of AlarmState's fields


def make_view(one: AlarmState) -> AlarmView:
    return AlarmView(
        one,
        RULES.get(one.key.rule),
        one.message,
        one.value,
        one.limit,
        condition_active=one.active,
        is_first_out=False,
    )


def picture_of(
    *states: AlarmState, raised: int = 0, flood: bool = False, journal: bool = True
) -> AlarmSnapshot:
    views = {one.key: make_view(one) for one in states}
    return build_snapshot(views, at=NOW, raise_count=raised, is_flood=flood, is_journal_live=journal)


def make_flood(count: int) -> AlarmSnapshot:
    every = [
        make_state("STOCK_LOW" if number % 3 else "DOSE_GROSS", f"T-{number}", number=number)
        for number in range(1, count + 1)
    ]
    return picture_of(*every, raised=count, flood=True)


class Journal:
    """Hears what a console journals as if the database had said it."""

    def __init__(self, live: LiveState, evaluator: Evaluator) -> None:
        self.entries: list[JournalEntry] = []
        self.shown_requests = 0
        """How many of ``requested`` the live picture shows."""
        self._live = live
        self._evaluator = evaluator
        self._append_entries(evaluator.projection.pending_entries)

    @property
    def requested(self) -> list[JournalEntry]:
        """What a person has asked for."""
        return [entry for entry in self.entries if entry.event not in (AlarmEvent.RAISE, AlarmEvent.SUPPRESS)]

    def _append_entries(self, entries: Sequence[JournalEntry]) -> None:
        for entry in entries:
            self.entries.append(replace(entry, id=len(self.entries) + 1))
            self._evaluator.apply_committed([self.entries[-1]])

    def take_entries(self, entries: Sequence[JournalEntry]) -> None:
        self._append_entries(entries)
        self.show_alarms(entries[-1].at)

    def show_alarms(self, at: datetime) -> None:
        self._live.set_alarms(self._evaluator.take_snapshot(at, is_journal_live=True))
        self.shown_requests = len(self.requested)
