"""What the review screen shows, as it was last read: the list, its counts, and the batch that is open."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

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
from dosing_tui.tui.data.background_jobs import BackgroundJobs
from dosing_tui.tui.data.batch_list_state import PAGE_SIZE, BatchListState
from dosing_tui.tui.data.batch_source import BatchSource

LIST_INTERVAL = timedelta(seconds=3)
COUNTS_INTERVAL = timedelta(seconds=10)
POLICY_INTERVAL = timedelta(seconds=30)
DETAIL_INTERVAL = timedelta(seconds=1)
"""Of a batch under way; others are read again with the list, to see what other reviewers do."""
_LIST, _COUNTS, _POLICY = "list", "counts", "policy"
"""What is asked is dropped, when it is about what was, together with the list or with the counts."""
BatchRows = Sequence[BatchRow]


class BatchStore:
    """Used by the screen's thread only. ``on_change`` is called when there is something new to draw."""

    def __init__(
        self, source: BatchSource, jobs: BackgroundJobs, on_change: Callable[[], object], policy: ReviewPolicy
    ) -> None:
        self._source = source
        self._jobs = jobs
        self._on_change = on_change
        self._filter = BatchFilter()
        self._generations = {_LIST: 0, _COUNTS: 0, _POLICY: 0}
        self._due_at: dict[str, datetime] = {}
        self._in_flight: set[str] = set()
        self.list_state = BatchListState()
        self.is_loaded = False
        """The list has been read once by the filter in force."""
        self.policy = policy
        """What is wanted of reviews, as far as it is known: the settings', until the plant's is read."""
        self.counts: BatchStatusCounts | None = None
        """Of the range and the console's filters."""
        self._open_key = ""
        self.detail: BatchDetail | None = None
        self.context_events: ContextEvents | None = None
        self.error = ""
        """Why something could not be read; '' once it can."""

    def set_filter(self, batch_filter: BatchFilter, *, reset_counts: bool = True) -> None:
        """Another list; the counts are the same where only the tab is another."""
        self._filter = batch_filter
        self._drop_results(_LIST, *([_COUNTS] if reset_counts else []))
        self.list_state, self.is_loaded = BatchListState(cursor_key=self.list_state.cursor_key), False

    def refresh_due(self, now: datetime, batch_filter: BatchFilter, base_filter: BatchFilter) -> None:
        """Read what is due. ``base_filter`` has the range and the console's filters alone.

        Both may have moved on with the clock.
        """
        self._filter = batch_filter
        if self._is_due(_LIST, now, LIST_INTERVAL):
            self._read_list()
        # the list first: that is what the reviewer waits for
        if self.is_loaded and self._is_due(_COUNTS, now, COUNTS_INTERVAL):
            self._start_job(_COUNTS, partial(self._source.count_batches, base_filter), self._set_counts)
        if self._is_due(_POLICY, now, POLICY_INTERVAL):
            self._start_job(_POLICY, self._source.read_policy, self._set_policy)
        detail = self.detail
        often = detail is not None and detail.row.status == BatchStatus.OPEN
        if self._open_key and self._is_due("detail", now, DETAIL_INTERVAL if often else LIST_INTERVAL):
            self.open(self._open_key)

    @property
    def has_pending_jobs(self) -> bool:
        """Something that was asked has not been answered yet."""
        return bool(self._in_flight)

    def invalidate_all(self) -> None:
        """Read everything at the next look."""
        self._due_at.clear()

    def _drop_results(self, *which: str) -> None:
        """What is on its way is about what was."""
        for name in which:
            self._generations[name] += 1
        gone = {name for name in {*self._in_flight, *self._due_at} if _get_job_group(name) in which}
        self._in_flight -= gone
        self._due_at = {name: at for name, at in self._due_at.items() if name not in gone}

    def _is_due(self, name: str, now: datetime, interval: timedelta) -> bool:
        if name in self._in_flight or now < self._due_at.get(name, now):
            return False
        self._due_at[name] = now + interval
        return True

    def _start_job(self, name: str, job: Callable[[], object], on_result: Callable[..., object]) -> None:
        self._in_flight.add(name)
        generation = self._generations[_get_job_group(name)]
        self._jobs.run(
            partial(self._run_if_current, name, generation, job),
            partial(self._finish_job, name, generation, on_result), partial(self._fail_job, name, generation),
        )  # fmt: skip

    def _run_if_current(self, name: str, generation: int, job: Callable[[], object]) -> object:
        """In the job's thread: who turns quickly from tab to tab does not wait for those that are left."""
        return job() if generation == self._generations[_get_job_group(name)] else None

    def _finish_job(
        self, name: str, generation: int, on_result: Callable[..., object], result: object
    ) -> None:
        """An answer to what nobody wants to know any more is dropped."""
        if generation == self._generations[_get_job_group(name)]:
            self._in_flight.discard(name)
            self.error = ""
            on_result(result)
            self._on_change()

    def _fail_job(self, name: str, generation: int, sentence: str) -> None:
        if generation == self._generations[_get_job_group(name)]:
            self._in_flight.discard(name)
            self.error = sentence
            self._on_change()

    # the list

    def _read_list(self) -> None:
        """As much of it as is around the cursor: other batches are read anew when they come in sight."""
        after, rows = browse.get_reload_window(self.list_state)
        job = partial(self._source.list_batches, self._filter, after, rows)
        self._start_job(_LIST, job, partial(self._add_rows_below, after, rows))

    def _add_rows_below(self, after: BatchRow | None, limit: int, rows: BatchRows) -> None:
        self.is_loaded = True
        self.list_state = browse.merge_rows_below(self.list_state, after, rows, limit=limit)

    def prefetch_pages(self, visible: int) -> None:
        """The cursor has moved: the pages that are near are read, if they are not held."""
        browsing = self.list_state
        if browsing.row + 2 * visible >= len(browsing.rows):
            self.read_page_below()
        if browsing.row < 2 * visible:
            self._read_page_above()

    def read_page_below(self) -> None:
        """The page below, if there is one."""
        rows = self.list_state.rows
        if rows and not self.list_state.has_oldest and "more" not in self._in_flight:
            job = partial(self._source.list_batches, self._filter, rows[-1], PAGE_SIZE)
            self._start_job("more", job, partial(self._add_rows_below, rows[-1], PAGE_SIZE))

    def _read_page_above(self) -> None:
        rows = self.list_state.rows
        if rows and not self.list_state.has_newest and "above" not in self._in_flight:
            job = partial(self._source.list_batches_above, self._filter, rows[0], PAGE_SIZE)
            self._start_job("above", job, partial(self._add_rows_above, rows[0]))

    def _add_rows_above(self, before: BatchRow, rows: BatchRows) -> None:
        self.list_state = browse.merge_rows_above(self.list_state, before, rows, limit=PAGE_SIZE)

    def jump_to_top(self) -> None:
        """The newest again, after a jump."""
        if not self.list_state.has_newest:
            self._drop_results(_LIST)
            self.list_state = BatchListState()
            self._read_list()

    def find_next(
        self, narrow_filter: Callable[[BatchFilter], BatchFilter], on_done: Callable[[bool], object]
    ) -> None:
        """Go to the next such batch below those that are held; ``on_done`` is told whether there is one."""
        last = self.list_state.rows[-1] if self.list_state.rows else None
        self._start_job(
            "find",
            partial(self._read_next, narrow_filter(self._filter), last),
            partial(self._jump_to_rows, on_done),
        )

    def _read_next(self, batch_filter: BatchFilter, last: BatchRow | None) -> BatchRows:
        """The batch and what is below it."""
        rows = self._source.list_batches(batch_filter, last, 1)
        return [*rows, *self._source.list_batches(self._filter, rows[0], PAGE_SIZE - 1)] if rows else []

    def _jump_to_rows(self, on_done: Callable[[bool], object], rows: BatchRows) -> None:
        if rows:
            self._drop_results(_LIST)
            self.list_state = browse.jump_to_rows(rows, limit=PAGE_SIZE)
            self._read_page_above()
        on_done(bool(rows))

    def _set_counts(self, counts: BatchStatusCounts) -> None:
        self.counts = counts

    def _set_policy(self, policy: ReviewPolicy) -> None:
        self.policy = policy

    # one batch

    def open(self, key: str) -> None:
        """Read a batch; what is shown of another one goes."""
        self._open_key = key
        if self.detail is not None and self.detail.row.batch_key != key:
            self.detail = self.context_events = None
        self._start_job("detail", partial(self._read_detail, key), self._set_detail)

    def close(self) -> None:
        self._open_key, self.detail, self.context_events = "", None, None

    def _read_detail(self, key: str) -> tuple[BatchDetail | None, ContextEvents | None]:
        found = self._source.read_batch(key)
        if found is None:
            return None, None
        batch = found.batch
        until = (batch.ends_at or batch.last_at) + timedelta(seconds=1)
        return found, self._source.list_context_events(batch.device_id, batch.begins_at, until)

    def _set_detail(self, result: tuple[BatchDetail | None, ContextEvents | None]) -> None:
        found, told = result
        if found is None:
            self.error = "This batch is no more: its messages turned out to be of another."
        elif self._open_key == found.row.batch_key:
            self.detail, self.context_events = found, told
            self.list_state = browse.replace_row(self.list_state, found.row)

    def apply_review(self, detail: BatchDetail) -> None:
        """A batch as it is after a review: answers that may be older than that are dropped."""
        self._drop_results(_LIST, _COUNTS)
        self.list_state = browse.replace_row(self.list_state, detail.row)
        if self.detail is not None and self.detail.row.batch_key == detail.row.batch_key:
            self.detail = detail
        self._on_change()


def _get_job_group(name: str) -> str:
    return name if name in (_COUNTS, _POLICY) else _LIST
