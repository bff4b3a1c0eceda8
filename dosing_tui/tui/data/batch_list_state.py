"""Which batches are listed, where the reviewer is among them, and which comes next. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum

from dosing_tui.domain.batch_review.query_models import BatchFilter, BatchRow
from dosing_tui.domain.batch_review.review_rules import open_states
from dosing_tui.domain.batches.models import Status
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.time.time_range import TimeRange

PAGE = 100
"""Batches that are read at a time."""
MOST = 10_000
"""Batches that are held at most: what is farthest from the cursor is read anew when it is gone to."""


class Tab(StrEnum):
    ALL = "All"
    UNDER_WAY = "Under way"
    COMPLETE = "Complete"
    NOT_COMPLETE = "Not complete"
    ABORTED = "aborted"
    INCOMPLETE = "incomplete"
    NO_START = "no start"
    COMPLETE_ONLY = "complete only"


OF_NOT_COMPLETE = (Tab.ABORTED, Tab.INCOMPLETE, Tab.NO_START, Tab.COMPLETE_ONLY)
"""They follow it, in its place: each of its statuses alone."""
STATUSES = {
    Tab.ALL: (),
    Tab.UNDER_WAY: (Status.OPEN.value,),
    Tab.COMPLETE: (Status.COMPLETE.value,),
    Tab.NOT_COMPLETE: tuple(s.value for s in Status if s not in (Status.OPEN, Status.COMPLETE)),
    Tab.ABORTED: (Status.ABORTED.value,),
    Tab.INCOMPLETE: (Status.INCOMPLETE.value,),
    Tab.NO_START: (Status.NO_START.value,),
    Tab.COMPLETE_ONLY: (Status.COMPLETE_ONLY.value,),
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


def order(row: BatchRow) -> tuple[datetime, str]:
    """Lists have the greatest first."""
    return (row.begins_at, row.batch_key)


def stretch(browsing: Browsing) -> tuple[BatchRow | None, int]:
    """What is in sight and some rows around it: the row it follows (None: the top), and how many rows."""
    begins = max(0, min(browsing.first, browsing.row) - PAGE // 2)
    after = None if begins == 0 and browsing.top else browsing.rows[max(begins - 1, 0)]
    return after, max(PAGE, min(len(browsing.rows) - begins, 2 * PAGE))


def spliced(browsing: Browsing, after: BatchRow | None, rows: Sequence[BatchRow], *, asked: int) -> Browsing:
    """With the batches below ``after`` as they were read now, None is the top.

    What is held between the first and the last of ``rows`` and was not read is not there any more. An answer
    that does not join what is held now, as that has been left meanwhile, changes nothing.
    """
    if not _joins(browsing, after, rows):
        return browsing
    known = {row.batch_key for row in rows}
    others = [row for row in browsing.rows if row.batch_key not in known]
    above = [row for row in others if after is not None and order(row) >= order(after)]
    ends = len(rows) < asked
    below = [] if ends else [row for row in others if order(row) < order(rows[-1])]
    bottom = ends or (bool(below) and browsing.bottom)
    whole = replace(browsing, rows=(*above, *rows, *below), top=browsing.top or after is None, bottom=bottom)
    return _bounded(whole)


def _joins(browsing: Browsing, after: BatchRow | None, rows: Sequence[BatchRow]) -> bool:
    held = browsing.rows
    if after is None:
        return browsing.top or not held or (bool(rows) and order(rows[-1]) <= order(held[0]))
    return bool(held) and order(held[-1]) <= order(after) <= order(held[0])


def heightened(browsing: Browsing, before: BatchRow, rows: Sequence[BatchRow], *, asked: int) -> Browsing:
    """With the page above ``before``, if the list still begins there; the window stays where it is."""
    if not browsing.rows or order(browsing.rows[0]) != order(before):
        return browsing
    known = {row.batch_key for row in rows}
    held = tuple(row for row in browsing.rows if row.batch_key not in known)
    first = browsing.first + len(rows)
    whole = replace(
        browsing, rows=(*rows, *held), top=len(rows) < asked, first=first, row=browsing.row + len(rows)
    )  # fmt: skip
    return _bounded(whole)


def _bounded(browsing: Browsing) -> Browsing:
    """Without what is farthest from the cursor, where it is too much."""
    over = len(browsing.rows) - MOST
    if over <= 0:
        return browsing
    if browsing.row < MOST // 2:
        return replace(browsing, rows=browsing.rows[:MOST], bottom=False)
    return replace(
        browsing, rows=browsing.rows[over:], top=False, first=max(0, browsing.first - over),
        row=max(0, browsing.row - over),
    )  # fmt: skip


def jumped(rows: Sequence[BatchRow], *, asked: int) -> Browsing:
    """The list from a batch far below on: what is above it is read when it is gone to."""
    return Browsing(tuple(rows), top=False, bottom=len(rows) < asked)


def replaced(browsing: Browsing, new: BatchRow) -> Browsing:
    """With one batch as it is now; also where the filter would not find it any more.

    Its place, and so its beginning, is the one it was read with until that stretch is read again: pages hang
    together by it.
    """
    rows = tuple(
        replace(new, begins_at=row.begins_at) if row.batch_key == new.batch_key else row
        for row in browsing.rows
    )
    return replace(browsing, rows=rows)


def next_row(browsing: Browsing, wanted: Callable[[BatchRow], bool]) -> int | None:
    """Which of the rows below the cursor is the next such batch; None if none of those that are held."""
    below = range(browsing.row + 1, len(browsing.rows))
    return next((number for number in below if wanted(browsing.rows[number])), None)


def wants_review(row: BatchRow, *, second_person: bool) -> bool:
    """Somebody still has to look at it, and can: what is under way has to end first."""
    return row.status != Status.OPEN and row.review_state in open_states(second_person=second_person)
