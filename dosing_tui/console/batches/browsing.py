"""Which batches are listed, where the reviewer is among them, and which comes next. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from dosing_tui.plant.batches.listing import BatchFilter, BatchRow
from dosing_tui.plant.batches.records import Status
from dosing_tui.plant.batches.reviews import open_states
from dosing_tui.plant.filters import Selection
from dosing_tui.plant.timeranges import TimeRange

PAGE = 100
"""Batches that are read at a time."""
MOST = 10_000
"""Batches that are held at most: who goes on further down is better served by a range or a filter."""


class Tab(StrEnum):
    ALL = "All"
    UNDER_WAY = "Under way"
    COMPLETE = "Complete"
    NOT_COMPLETE = "Not complete"


STATUSES = {
    Tab.ALL: (),
    Tab.UNDER_WAY: (Status.OPEN.value,),
    Tab.COMPLETE: (Status.COMPLETE.value,),
    Tab.NOT_COMPLETE: tuple(s.value for s in Status if s not in (Status.OPEN, Status.COMPLETE)),
}

ENDED = (*STATUSES[Tab.COMPLETE], *STATUSES[Tab.NOT_COMPLETE])
"""What can be decided."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the keys of the page have chosen, beyond the console's range and filters."""

    tab: Tab = Tab.ALL
    unreviewed: bool = False
    with_findings: bool = False


@dataclass(frozen=True, slots=True)
class Browsing:
    """A stretch of the list, the newest first. ``held`` is the key of the batch under the cursor."""

    rows: tuple[BatchRow, ...] = ()
    top: bool = True
    """Nothing is above it."""
    bottom: bool = False
    """Nothing is below it."""
    held: str = ""
    row: int = 0
    first: int = 0


def filter_of(wanted: Wanted, within: TimeRange | None, selection: Selection) -> BatchFilter:
    since, until = within or (None, None)
    return BatchFilter(
        since, until, device=selection.device, recipe=selection.recipe, status=STATUSES[wanted.tab],
        unreviewed=wanted.unreviewed, with_findings=wanted.with_findings,
    )  # fmt: skip


def turned(wanted: Wanted, step: int) -> Wanted:
    """To the tab beside this one."""
    tabs = list(Tab)
    return replace(wanted, tab=tabs[(tabs.index(wanted.tab) + step) % len(tabs)])


def chosen(browsing: Browsing) -> BatchRow | None:
    """The batch under the cursor."""
    return browsing.rows[browsing.row] if browsing.rows else None


def settled(browsing: Browsing, visible: int) -> Browsing:
    """On a batch that there is: the same, or the one that took its row; scrolled so that it is in sight."""
    if not browsing.rows:
        return replace(browsing, held="", row=0, first=0)
    keys = [row.batch_key for row in browsing.rows]
    row = keys.index(browsing.held) if browsing.held in keys else min(browsing.row, len(keys) - 1)
    first = max(0, min(browsing.first, len(keys) - visible))
    first = max(row - visible + 1, min(first, row))
    return replace(browsing, held=keys[row], row=row, first=first)


def moved(browsing: Browsing, step: int, visible: int) -> Browsing:
    """The cursor so many rows further down, or up."""
    row = max(0, min(browsing.row + step, len(browsing.rows) - 1))
    return settled(replace(browsing, held="", row=row), visible)


def read(browsing: Browsing, rows: Sequence[BatchRow], *, asked: int) -> Browsing:
    """The list as it was read anew from its top; the cursor stays on its batch."""
    return replace(browsing, rows=tuple(rows), top=True, bottom=len(rows) < asked)


def lengthened(browsing: Browsing, rows: Sequence[BatchRow], *, asked: int) -> Browsing:
    """With the page below."""
    known = {row.batch_key for row in browsing.rows}
    more = tuple(row for row in rows if row.batch_key not in known)
    return replace(browsing, rows=browsing.rows + more, bottom=len(rows) < asked)


def jumped(rows: Sequence[BatchRow], *, asked: int) -> Browsing:
    """The list from a batch far below on: what is above it is not held any more."""
    return Browsing(tuple(rows), top=False, bottom=len(rows) < asked)


def replaced(browsing: Browsing, new: BatchRow) -> Browsing:
    """With one batch as it is now; also where the filter would not find it any more."""
    rows = tuple(new if row.batch_key == new.batch_key else row for row in browsing.rows)
    return replace(browsing, rows=rows)


def next_row(browsing: Browsing, wanted: Callable[[BatchRow], bool]) -> int | None:
    """Which of the rows below the cursor is the next such batch; None if none of those that are held."""
    below = range(browsing.row + 1, len(browsing.rows))
    return next((number for number in below if wanted(browsing.rows[number])), None)


def wants_review(row: BatchRow, *, second_person: bool) -> bool:
    """Somebody still has to look at it, and can: what is under way has to end first."""
    return row.status != Status.OPEN and row.review_state in open_states(second_person=second_person)
