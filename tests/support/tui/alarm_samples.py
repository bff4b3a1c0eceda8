"""Alarms in any state, made without a plant, and a journal that is heard at once."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import UUID

from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.domain.alarms.models import AlarmKey, AlarmState, Entry, Event
from dosing_tui.domain.alarms.snapshot import AlarmPicture, AlarmView, pictured
from dosing_tui.live_state import Live
from tests.support.tui.sample_plant import NOW

STATION = "dosing_system_01"


def state(rule: str, item: str = "", *, number: int = 1, message: str = "", **fields: object) -> AlarmState:
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


def view(one: AlarmState) -> AlarmView:
    return AlarmView(
        one, RULES.get(one.key.rule), one.message, one.value, one.limit, holds=one.active, first_out=False
    )


def picture_of(
    *states: AlarmState, raised: int = 0, flood: bool = False, journal: bool = True
) -> AlarmPicture:
    views = {one.key: view(one) for one in states}
    return pictured(views, at=NOW, raised=raised, flood=flood, journal=journal)


def flood(count: int) -> AlarmPicture:
    every = [
        state("STOCK_LOW" if number % 3 else "DOSE_GROSS", f"T-{number}", number=number)
        for number in range(1, count + 1)
    ]
    return picture_of(*every, raised=count, flood=True)


class Journal:
    """Hears what a console journals as if the database had said it."""

    def __init__(self, live: Live, evaluator: Evaluator) -> None:
        self.entries: list[Entry] = []
        self._live = live
        self._evaluator = evaluator
        self._hear(evaluator.replica.pending)

    @property
    def asked(self) -> list[Entry]:
        """What a person has asked for."""
        return [entry for entry in self.entries if entry.event not in (Event.RAISE, Event.SUPPRESS)]

    def _hear(self, entries: Sequence[Entry]) -> None:
        for entry in entries:
            self.entries.append(replace(entry, id=len(self.entries) + 1))
            self._evaluator.heard([self.entries[-1]])

    def take(self, entries: Sequence[Entry]) -> None:
        self._hear(entries)
        self.show(entries[-1].at)

    def show(self, at: datetime) -> None:
        self._live.set_alarms(self._evaluator.picture(at, journal=True))
