"""Data of the batch screen as last read: the list, its counts, and the open batch."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from dosing_tui.domain.batch_review.query_models import (
    BatchDetail,
    BatchFilter,
    BatchRow,
    BatchStatusCounts,
    ContextEvents,
)
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batches.models import BatchStatus
from dosing_tui.tui.data import batch_list_state as browse
from dosing_tui.tui.data.batch_list_state import PAGE_SIZE, BatchListState
from dosing_tui.tui.data.query_results import (
    BatchCountsLoaded,
    BatchDetailLoaded,
    BatchListLoaded,
    BatchPageAboveLoaded,
    BatchQueryResult,
    BatchRequest,
    NextBatchLoaded,
    ReviewPolicyLoaded,
)
from dosing_tui.tui.data.query_workers import Lane, QueryRunner
from dosing_tui.tui.data.record_source import BatchSource

LIST_INTERVAL = timedelta(seconds=3)
COUNTS_INTERVAL = timedelta(seconds=10)
POLICY_INTERVAL = timedelta(seconds=30)
DETAIL_INTERVAL = timedelta(seconds=1)
"""For a running batch; others are read again with the list, to show reviews of other consoles."""
_LIST, _COUNTS, _POLICY = "list", "counts", "policy"
"""Groups of queries: their results are dropped together when list or counts change."""


class BatchStore:
    """Not thread-safe: for the app's thread. ``on_change`` is called when there is new data to draw."""

    def __init__(
        self, source: BatchSource, workers: QueryRunner, on_change: Callable[[], object], policy: ReviewPolicy
    ) -> None:
        self._source = source
        self._workers = workers
        self._on_change = on_change
        self._filter = BatchFilter()
        self._due_at: dict[str, datetime] = {}
        self._in_flight: dict[str, BatchRequest] = {}
        self.list_state = BatchListState()
        self.is_loaded = False
        """The list has been read by the present filter."""
        self.policy = policy
        """The console's policy until the plant's has been read."""
        self.counts: BatchStatusCounts | None = None
        """By the range and the console's filters."""
        self._open_key = ""
        self.detail: BatchDetail | None = None
        self.context_events: ContextEvents | None = None
        self.error = ""
        """Reason of the last failed query; '' after a good one."""

    def set_filter(self, batch_filter: BatchFilter, *, reset_counts: bool = True) -> None:
        """Start another list. ``reset_counts`` False: only the tab is another, the counts stay."""
        self._filter = batch_filter
        self._drop_results(_LIST, *([_COUNTS] if reset_counts else []))
        self.list_state, self.is_loaded = BatchListState(cursor_key=self.list_state.cursor_key), False

    def refresh_due(self, now: datetime, batch_filter: BatchFilter, base_filter: BatchFilter) -> None:
        """Start the queries that are due.

        ``base_filter`` holds only range and filters of the console. Both filters may move with the clock.
        """
        self._filter = batch_filter
        if self._is_due(_LIST, now, LIST_INTERVAL):
            self._read_list()
        # the list first: the reviewer waits for it
        if self.is_loaded and self._is_due(_COUNTS, now, COUNTS_INTERVAL):
            self._submit(_COUNTS, partial(self._source.count_batches, base_filter), BatchCountsLoaded)
        if self._is_due(_POLICY, now, POLICY_INTERVAL):
            self._submit(_POLICY, self._source.read_policy, ReviewPolicyLoaded)
        detail = self.detail
        often = detail is not None and detail.row.status == BatchStatus.OPEN
        if self._open_key and self._is_due("detail", now, DETAIL_INTERVAL if often else LIST_INTERVAL):
            self.open(self._open_key)

    def invalidate_all(self) -> None:
        """Make every query due."""
        self._due_at.clear()

    def _drop_results(self, *which: str) -> None:
        """Drop the results of running queries of these groups."""
        for name in [name for name in {*self._in_flight, *self._due_at} if _get_job_group(name) in which]:
            self._in_flight.pop(name, None)
            self._due_at.pop(name, None)

    def _is_due(self, name: str, now: datetime, interval: timedelta) -> bool:
        if name in self._in_flight or now < self._due_at.get(name, now):
            return False
        self._due_at[name] = now + interval
        return True

    def _submit(
        self,
        name: str,
        query: Callable[[], object],
        result_type: type[BatchQueryResult[Any]],
        *,
        anchor: BatchRow | None = None,
        limit: int = 0,
        not_found_text: str = "",
    ) -> None:
        request = self._in_flight[name] = BatchRequest(name, anchor, limit, not_found_text)
        self._workers.submit(
            partial(self._run_if_current, request, query), partial(result_type, request=request), Lane.REVIEWS
        )

    def _is_current(self, request: BatchRequest) -> bool:
        return self._in_flight.get(request.name) is request

    def _run_if_current(self, request: BatchRequest, query: Callable[[], object]) -> object:
        """In a worker thread: after a quick change of tabs only the last tab's query is run."""
        return query() if self._is_current(request) else None

    def store_result(self, result: BatchQueryResult[Any]) -> bool:
        """Keep a result and redraw; False when its request is outdated."""
        if not self._is_current(result.request):
            return False
        del self._in_flight[result.request.name]
        self.error = result.error
        if not result.error:
            self._apply_result(result, result.request)
        self._on_change()
        return True

    def _apply_result(self, result: BatchQueryResult[Any], request: BatchRequest) -> None:
        match result:
            case BatchListLoaded(value=rows) if rows is not None:
                self.is_loaded = True
                self.list_state = browse.merge_rows_below(
                    self.list_state, request.anchor, rows, limit=request.limit
                )
            case BatchPageAboveLoaded(value=rows) if rows is not None:
                assert request.anchor is not None
                self.list_state = browse.merge_rows_above(
                    self.list_state, request.anchor, rows, limit=request.limit
                )
            case NextBatchLoaded(value=rows) if rows:
                self._drop_results(_LIST)
                self.list_state = browse.jump_to_rows(rows, limit=PAGE_SIZE)
                self._read_page_above()
            case BatchCountsLoaded(value=counts):
                self.counts = counts
            case ReviewPolicyLoaded(value=policy) if policy is not None:
                self.policy = policy
            case BatchDetailLoaded(value=(None, _)):
                self.error = "This batch no longer exists: its messages belong to another batch."
            case BatchDetailLoaded(value=(BatchDetail() as detail, context_events)) if (
                self._open_key == detail.row.batch_key
            ):
                self.detail, self.context_events = detail, context_events
                self.list_state = browse.replace_row(self.list_state, detail.row)

    # the list

    def _read_list(self) -> None:
        """The rows around the cursor; other batches are read again when they come into view."""
        after, rows = browse.get_reload_window(self.list_state)
        self._submit_page_below(_LIST, after, rows)

    def _submit_page_below(self, name: str, after: BatchRow | None, limit: int) -> None:
        query = partial(self._source.list_batches, self._filter, after=after, rows=limit)
        self._submit(name, query, BatchListLoaded, anchor=after, limit=limit)

    def prefetch_pages(self, visible: int) -> None:
        """After a move of the cursor: read the pages near it that are not loaded."""
        browsing = self.list_state
        if browsing.row + 2 * visible >= len(browsing.rows):
            self.read_page_below()
        if browsing.row < 2 * visible:
            self._read_page_above()

    def read_page_below(self) -> None:
        """Read the page below, if there is one."""
        rows = self.list_state.rows
        if rows and not self.list_state.has_oldest and "more" not in self._in_flight:
            self._submit_page_below("more", rows[-1], PAGE_SIZE)

    def _read_page_above(self) -> None:
        rows = self.list_state.rows
        if rows and not self.list_state.has_newest and "above" not in self._in_flight:
            query = partial(self._source.list_batches_above, self._filter, rows[0], rows=PAGE_SIZE)
            self._submit("above", query, BatchPageAboveLoaded, anchor=rows[0], limit=PAGE_SIZE)

    def jump_to_top(self) -> None:
        """Load the newest batches again, after a jump."""
        if not self.list_state.has_newest:
            self._drop_results(_LIST)
            self.list_state = BatchListState()
            self._read_list()

    def find_next(self, narrow_filter: Callable[[BatchFilter], BatchFilter], not_found_text: str) -> None:
        """Jump to the next matching batch below the loaded rows."""
        last = self.list_state.rows[-1] if self.list_state.rows else None
        query = partial(self._read_next, narrow_filter(self._filter), last)
        self._submit("find", query, NextBatchLoaded, not_found_text=not_found_text)

    def _read_next(self, batch_filter: BatchFilter, last: BatchRow | None) -> Sequence[BatchRow]:
        """The next batch, and the page below it."""
        rows = self._source.list_batches(batch_filter, after=last, rows=1)
        below = self._source.list_batches(self._filter, after=rows[0], rows=PAGE_SIZE - 1) if rows else ()
        return [*rows, *below]

    def cancel_search(self) -> None:
        """The reviewer has moved meanwhile: what is found leads nowhere."""
        self._in_flight.pop("find", None)

    def find_batch_at(self, device: str, at: datetime, not_found_text: str) -> None:
        """Jump to the batch of this station that contains a moment, also outside range and filters."""
        self._submit(
            "find", partial(self._read_batch_at, device, at), NextBatchLoaded, not_found_text=not_found_text
        )

    def _read_batch_at(self, device: str, at: datetime) -> Sequence[BatchRow]:
        """The batch, and the page below it in the list."""
        before = BatchFilter(until=at + timedelta(microseconds=1), device=(device,))
        rows = [
            row
            for row in self._source.list_batches(before, after=None, rows=1)
            if row.status == BatchStatus.OPEN or at <= (row.ends_at or row.last_at)
        ]
        below = self._source.list_batches(self._filter, after=rows[0], rows=PAGE_SIZE - 1) if rows else ()
        return [*rows, *(row for row in below if row.batch_key != rows[0].batch_key)]

    # one batch

    def open(self, key: str) -> None:
        """Read a batch; the one that was open is closed."""
        self._open_key = key
        if self.detail is not None and self.detail.row.batch_key != key:
            self.detail = self.context_events = None
        self._submit("detail", partial(self._read_detail, key), BatchDetailLoaded)

    def close(self) -> None:
        self._open_key, self.detail, self.context_events = "", None, None

    def _read_detail(self, key: str) -> tuple[BatchDetail | None, ContextEvents | None]:
        found = self._source.read_batch(key)
        if found is None:
            return None, None
        batch = found.batch
        until = (batch.ends_at or batch.last_at) + timedelta(seconds=1)
        return found, self._source.list_context_events(
            device=batch.device_id, since=batch.begins_at, until=until
        )

    def apply_review(self, detail: BatchDetail) -> None:
        """Show a batch after its review; results of queries from before it are dropped."""
        self._drop_results(_LIST, _COUNTS)
        self.list_state = browse.replace_row(self.list_state, detail.row)
        if self.detail is not None and self.detail.row.batch_key == detail.row.batch_key:
            self.detail = detail
        self._on_change()


def _get_job_group(name: str) -> str:
    return name if name in (_COUNTS, _POLICY) else _LIST
