"""The loaded part of the batch list, its cursor and tabs, and the next batch to review. Pure."""

from collections.abc import Callable, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.batch_review.query_models import BatchFilter, BatchRow
from dosing_tui.domain.batch_review.review_rules import list_open_states
from dosing_tui.domain.batches.models import BatchStatus
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.time.time_range import TimeRange

PAGE_SIZE = 100
"""Batches of one page."""
MAX_ROWS = 10_000
"""Limit of loaded batches. Those farthest from the cursor are dropped, and read again when needed."""


class BatchTab(StrEnum):
    ALL = "All"
    RUNNING = "Running"
    COMPLETE = "Complete"
    NOT_COMPLETE = "Not complete"
    ABORTED = "aborted"
    INCOMPLETE = "incomplete"
    NO_START = "no start"
    COMPLETE_ONLY = "complete only"


NOT_COMPLETE_TABS = (BatchTab.ABORTED, BatchTab.INCOMPLETE, BatchTab.NO_START, BatchTab.COMPLETE_ONLY)
"""Shown in place of "Not complete", each with one of its statuses."""
TAB_STATUSES = {
    BatchTab.ALL: (),
    BatchTab.RUNNING: (BatchStatus.OPEN.value,),
    BatchTab.COMPLETE: (BatchStatus.COMPLETE.value,),
    BatchTab.NOT_COMPLETE: tuple(
        s.value for s in BatchStatus if s not in (BatchStatus.OPEN, BatchStatus.COMPLETE)
    ),
    BatchTab.ABORTED: (BatchStatus.ABORTED.value,),
    BatchTab.INCOMPLETE: (BatchStatus.INCOMPLETE.value,),
    BatchTab.NO_START: (BatchStatus.NO_START.value,),
    BatchTab.COMPLETE_ONLY: (BatchStatus.COMPLETE_ONLY.value,),
}

ENDED_STATUSES = (*TAB_STATUSES[BatchTab.COMPLETE], *TAB_STATUSES[BatchTab.NOT_COMPLETE])
"""Statuses that can be reviewed."""


class BatchListOptions(Struct, frozen=True):
    """Tab and filters of the batch screen, beyond the console's range and filters."""

    tab: BatchTab = BatchTab.ALL
    unreviewed: bool = False
    with_findings: bool = False
    clean: bool = False
    """Excludes ``with_findings``."""


class BatchListState(Struct, frozen=True):
    """A part of the list without gaps, newest first. ``cursor_key``: key of the batch under the cursor."""

    rows: tuple[BatchRow, ...] = ()
    has_newest: bool = True
    """The newest batch is loaded."""
    has_oldest: bool = False
    """The oldest batch is loaded."""
    cursor_key: str = ""
    row: int = 0
    first: int = 0


def build_batch_filter(
    options: BatchListOptions, time_range: TimeRange | None, selection: Selection
) -> BatchFilter:
    since, until = time_range or (None, None)
    return BatchFilter(
        since, until, device=selection.device, recipe=selection.recipe, status=TAB_STATUSES[options.tab],
        unreviewed=options.unreviewed, with_findings=options.with_findings, clean=options.clean,
    )  # fmt: skip


def switch_filter(options: BatchListOptions, name: str) -> BatchListOptions:
    """Switch a filter by its name. The clean batches and those with exceptions exclude each other."""
    excluded = {"clean": "with_findings", "with_findings": "clean"}.get(name)
    switched: dict[str, Any] = {name: not getattr(options, name), **({excluded: False} if excluded else {})}
    return replace(options, **switched)


def describe_list(options: BatchListOptions, range_text: str, filters_text: str) -> str:
    """Range, filters and tab of a list in words, as its captions name them."""
    chosen = [
        *([] if options.tab is BatchTab.ALL else [f"only {options.tab.value.lower()}"]),
        *(["to review"] if options.unreviewed else []),
        *(["with exceptions"] if options.with_findings else []),
        *(["clean only"] if options.clean else []),
    ]
    return " · ".join([range_text or "all times", filters_text or "all stations and recipes", *chosen])


def switch_tab(options: BatchListOptions, step: int) -> BatchListOptions:
    """``step`` tabs to the right; after the last follows the first."""
    tabs = list(BatchTab)
    return replace(options, tab=tabs[(tabs.index(options.tab) + step) % len(tabs)])


def get_selected_row(state: BatchListState) -> BatchRow | None:
    """The batch under the cursor."""
    return state.rows[state.row] if state.rows else None


def clamp_cursor(state: BatchListState, visible: int) -> BatchListState:
    """Keep the cursor on its batch, or else on its row, and scroll it into view."""
    if not state.rows:
        return replace(state, cursor_key="", row=0, first=0)
    keys = [row.batch_key for row in state.rows]
    row = keys.index(state.cursor_key) if state.cursor_key in keys else min(state.row, len(keys) - 1)
    first = max(0, min(state.first, len(keys) - visible))
    first = max(row - visible + 1, min(first, row))
    return replace(state, cursor_key=keys[row], row=row, first=first)


def move_cursor(state: BatchListState, step: int, visible: int) -> BatchListState:
    """Move the cursor down, or up for a negative ``step``."""
    row = max(0, min(state.row + step, len(state.rows) - 1))
    return clamp_cursor(replace(state, cursor_key="", row=row), visible)


def get_sort_key(row: BatchRow) -> tuple[datetime, str]:
    """Lists are sorted by it, the greatest first."""
    return (row.begins_at, row.batch_key)


def get_reload_window(state: BatchListState) -> tuple[BatchRow | None, int]:
    """The visible rows and their surroundings: the row before them (None: the top), number of rows."""
    begins = max(0, min(state.first, state.row) - PAGE_SIZE // 2)
    after = None if begins == 0 and state.has_newest else state.rows[max(begins - 1, 0)]
    return after, max(PAGE_SIZE, min(len(state.rows) - begins, 2 * PAGE_SIZE))


def merge_rows_below(
    state: BatchListState, after: BatchRow | None, rows: Sequence[BatchRow], *, limit: int
) -> BatchListState:
    """Merge the batches below ``after``, which were read now. ``after`` None: from the top.

    Loaded batches between the first and the last of ``rows`` that were not read again no longer exist.
    A page that is not adjacent to the loaded part is dropped: the list has moved on.
    """
    if not _is_adjacent(state, after, rows):
        return state
    known = {row.batch_key for row in rows}
    others = [row for row in state.rows if row.batch_key not in known]
    above = [row for row in others if after is not None and get_sort_key(row) >= get_sort_key(after)]
    ends = len(rows) < limit
    below = [] if ends else [row for row in others if get_sort_key(row) < get_sort_key(rows[-1])]
    bottom = ends or (bool(below) and state.has_oldest)
    whole = replace(
        state, rows=(*above, *rows, *below), has_newest=state.has_newest or after is None, has_oldest=bottom
    )
    return _limit_rows(whole)


def _is_adjacent(state: BatchListState, after: BatchRow | None, rows: Sequence[BatchRow]) -> bool:
    held = state.rows
    if after is None:
        return (
            state.has_newest or not held or (bool(rows) and get_sort_key(rows[-1]) <= get_sort_key(held[0]))
        )
    return bool(held) and get_sort_key(held[-1]) <= get_sort_key(after) <= get_sort_key(held[0])


def merge_rows_above(
    state: BatchListState, before: BatchRow, rows: Sequence[BatchRow], *, limit: int
) -> BatchListState:
    """Add the page above ``before`` if the loaded part still begins there; the view does not move."""
    if not state.rows or get_sort_key(state.rows[0]) != get_sort_key(before):
        return state
    known = {row.batch_key for row in rows}
    held = tuple(row for row in state.rows if row.batch_key not in known)
    first = state.first + len(rows)
    whole = replace(
        state, rows=(*rows, *held), has_newest=len(rows) < limit, first=first, row=state.row + len(rows)
    )  # fmt: skip
    return _limit_rows(whole)


def _limit_rows(state: BatchListState) -> BatchListState:
    """Drop the rows farthest from the cursor, down to ``MAX_ROWS``."""
    over = len(state.rows) - MAX_ROWS
    if over <= 0:
        return state
    if state.row < MAX_ROWS // 2:
        return replace(state, rows=state.rows[:MAX_ROWS], has_oldest=False)
    return replace(
        state, rows=state.rows[over:], has_newest=False, first=max(0, state.first - over),
        row=max(0, state.row - over),
    )  # fmt: skip


def jump_to_rows(rows: Sequence[BatchRow], *, limit: int) -> BatchListState:
    """Start again at a batch far below; rows above it are read when the cursor comes near."""
    return BatchListState(tuple(rows), has_newest=False, has_oldest=len(rows) < limit)


def replace_row(state: BatchListState, new: BatchRow) -> BatchListState:
    """Update one batch, even if it no longer matches the filter.

    It keeps the start time it was read with until its page is read again: pages are joined by start times.
    """
    rows = tuple(
        replace(new, begins_at=row.begins_at) if row.batch_key == new.batch_key else row for row in state.rows
    )
    return replace(state, rows=rows)


def find_next_row(state: BatchListState, matches: Callable[[BatchRow], bool]) -> int | None:
    """Index of the next matching row below the cursor; None: no loaded row matches."""
    below = range(state.row + 1, len(state.rows))
    return next((number for number in below if matches(state.rows[number])), None)


def is_review_due(row: BatchRow, *, second_person: bool) -> bool:
    """The batch has ended and its review is open."""
    return row.status != BatchStatus.OPEN and row.review_state in list_open_states(
        second_person=second_person
    )
