"""The numbers of one boot of a station, and those that are missing among them. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from dosing_tui.domain.quantities.set_back_clock import is_set_back

WRAP = 2**32
"""Sequence numbers are unsigned 32-bit integers: after the last one comes 0."""
MAX_LOST_GAPS = 64
"""Gaps of one boot that are kept after they were counted, for messages that arrive after all."""
MAX_OPEN_GAPS = 1_000


class NumberGap(NamedTuple):
    """``length`` numbers from ``first`` on, missing since ``noticed_at``."""

    first: int
    length: int
    noticed_at: datetime

    def contains(self, number: int) -> bool:
        return (number - self.first) % WRAP < self.length

    def without(self, number: int) -> Iterable["NumberGap"]:
        """What is left of the gap when this number of it has arrived."""
        before = (number - self.first) % WRAP
        if before:
            yield NumberGap(self.first, before, self.noticed_at)
        if after := self.length - before - 1:
            yield NumberGap((number + 1) % WRAP, after, self.noticed_at)


class SavedRun(NamedTuple):
    """A run between two starts of the collector. Gaps are (first, length): those that may still close."""

    boot_id: str | None
    newest: int
    missing: list[tuple[int, int]]

    @classmethod
    def read(cls, values: Any) -> "SavedRun":  # Any: JSON
        """Raises: ValueError, TypeError."""
        boot_id, newest, missing = values
        gaps = [(int(first) % WRAP, int(length)) for first, length in missing[-MAX_OPEN_GAPS:]]
        return cls(None if boot_id is None else str(boot_id), int(newest) % WRAP, gaps)


@dataclass(slots=True)
class CounterRun:
    """``newest``: the highest number of this boot that arrived."""

    boot_id: str | None
    newest: int
    used_at: datetime
    missing: list[NumberGap] = field(default_factory=list)
    """Gaps whose numbers may still be on their way."""
    lost: list[NumberGap] = field(default_factory=list)

    def save(self) -> SavedRun:
        return SavedRun(self.boot_id, self.newest, [(gap.first, gap.length) for gap in self.missing])

    @classmethod
    def restore(cls, saved: SavedRun, at: datetime) -> "CounterRun":
        """Its open gaps have their whole time again: the broker first sends what it has queued."""
        missing = [NumberGap(first, length, at) for first, length in saved.missing]
        return cls(saved.boot_id, saved.newest, at, missing)

    def measure_distance(self, number: int) -> int:
        """How far a number is ahead of the newest; 0 or less for one that is not."""
        return (number - self.newest + WRAP // 2) % WRAP - WRAP // 2

    def is_followed_by(self, boot_id: str | None, number: int) -> bool:
        return boot_id in (None, self.boot_id) and number == (self.newest + 1) % WRAP

    def lacks(self, number: int) -> bool:
        return any(gap.contains(number) for gap in (*self.missing, *self.lost))

    def add_number(self, number: int, at: datetime) -> bool:
        """Enter a number of this boot. True if it was counted as lost, and has arrived after all."""
        self.used_at = at
        ahead = self.measure_distance(number)
        if ahead > 0:
            if ahead > 1:
                self.missing = [*self.missing, NumberGap((self.newest + 1) % WRAP, ahead - 1, at)]
                del self.missing[:-MAX_OPEN_GAPS]
            self.newest = number
            return False
        is_late = any(gap.contains(number) for gap in self.lost)
        if is_late:
            self.lost = _remove_number(self.lost, number)
        else:
            self.missing = _remove_number(self.missing, number)
        return is_late

    def postpone_gaps(self, now: datetime, *, only_set_back: bool = False) -> None:
        """Give open gaps their whole time again; ``only_set_back``: those that the clock is now behind."""
        self.missing = [
            gap if only_set_back and not is_set_back(gap.noticed_at, now) else gap._replace(noticed_at=now)
            for gap in self.missing
        ]

    def take_lost(self, noticed_before: datetime) -> list[NumberGap]:
        """The gaps whose time is over; from now on their numbers count as lost."""
        due = [gap for gap in self.missing if gap.noticed_at <= noticed_before]
        if due:
            self.missing = [gap for gap in self.missing if gap.noticed_at > noticed_before]
            self.lost = [*self.lost, *due][-MAX_LOST_GAPS:]
        return due


def _remove_number(gaps: list[NumberGap], number: int) -> list[NumberGap]:
    return [part for gap in gaps for part in (gap.without(number) if gap.contains(number) else (gap,))]
