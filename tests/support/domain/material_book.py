"""The book of a tank: last count or drum change + sum in - sum out, doses included.

What ``sql/panels/material_book.sql`` is checked against. The result depends on when things happened, not on
when they were recorded, or in which order. What happened at the instant of a count is in what was counted;
what happened at the instant of a drum change came after it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import fsum

from dosing_tui.domain.materials.ledger import ADDED_KINDS, SETTING_KINDS, MaterialKind


@dataclass(frozen=True, slots=True)
class BookEntry:
    """What the book takes of an entry; ``mass_g`` is None where a station gave none."""

    time: datetime
    kind: MaterialKind
    mass_g: float | None
    entry_id: int

    @property
    def change_g(self) -> float:
        """What it adds to the book; 0 of a mass that is not known, and of what sets the book."""
        if self.mass_g is None or self.kind in SETTING_KINDS:
            return 0.0
        is_signed = self.kind in ADDED_KINDS or self.kind is MaterialKind.CORRECTION
        return self.mass_g if is_signed else -self.mass_g


@dataclass(frozen=True, slots=True)
class DosedMass:
    """What a dose took: its actual grams, None where they are not known."""

    time: datetime
    actual_g: float | None


@dataclass(frozen=True, slots=True)
class TankBook:
    """``since``: the count or drum change it starts from; ``unknown``: entries and doses without a mass."""

    since: datetime
    book_g: float
    dosed_g: float
    unknown: int


def compute_book(
    entries: Sequence[BookEntry], doses: Sequence[DosedMass], *, at: datetime
) -> TankBook | None:
    """The book at a time, that time included; None before the first count or drum change."""
    return _compute_since(_find_start(entries, at), entries, doses, at)


def compute_count_difference(
    entries: Sequence[BookEntry], doses: Sequence[DosedMass], count: BookEntry
) -> float | None:
    """What was counted, less the book before it, in g; None where there was no book."""
    start = _find_start([each for each in entries if not _is_replaced(each, count)], count.time)
    book = _compute_since(start, entries, doses, count.time)
    return None if book is None or count.mass_g is None else count.mass_g - book.book_g


def _is_replaced(entry: BookEntry, count: BookEntry) -> bool:
    """Counts of the same instant: the newest one counts, the others are its mistakes."""
    return entry.kind is MaterialKind.COUNT and entry.time >= count.time


def _find_start(entries: Sequence[BookEntry], at: datetime) -> BookEntry | None:
    known = [
        each for each in entries if each.kind in SETTING_KINDS and each.mass_g is not None and each.time <= at
    ]
    return max(
        known, key=lambda each: (each.time, each.kind is MaterialKind.COUNT, each.entry_id), default=None
    )


def _compute_since(
    start: BookEntry | None, entries: Sequence[BookEntry], doses: Sequence[DosedMass], at: datetime
) -> TankBook | None:
    if start is None or start.mass_g is None:
        return None
    is_count = start.kind is MaterialKind.COUNT

    def follows(time: datetime) -> bool:
        return (start.time < time or (start.time == time and not is_count)) and time <= at

    moved = [each for each in entries if each.kind not in SETTING_KINDS and follows(each.time)]
    taken = [each.actual_g for each in doses if follows(each.time)]
    # fsum is exact: the sum does not depend on the order
    dosed_g = fsum(grams for grams in taken if grams is not None)
    book_g = fsum((start.mass_g, *(each.change_g for each in moved), -dosed_g))
    unknown = sum(each.mass_g is None for each in moved) + taken.count(None)
    return TankBook(start.time, book_g, dosed_g, unknown)
