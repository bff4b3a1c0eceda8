"""What the review screen shows, as it was last read: the list, its counts, and the batch that is open."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import partial

from dosing_tui.domain.batch_review.query_models import BatchDetail, BatchFilter, BatchRow, Counts, Happenings
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batches.models import Status
from dosing_tui.tui.data import batch_list_state as browse
from dosing_tui.tui.data.background_jobs import Jobs
from dosing_tui.tui.data.batch_list_state import PAGE, Browsing
from dosing_tui.tui.data.batch_source import BatchSource

LIST_EVERY = timedelta(seconds=3)
COUNTS_EVERY = timedelta(seconds=10)
POLICY_EVERY = timedelta(seconds=30)
DETAIL_EVERY = timedelta(seconds=1)
"""Of a batch under way; others are read again with the list, to see what other reviewers do."""
_LIST, _COUNTS, _POLICY = "list", "counts", "policy"
"""What is asked is dropped, when it is about what was, together with the list or with the counts."""
Rows = Sequence[BatchRow]


class Shelf:
    """Used by the screen's thread only. ``changed`` is called when there is something new to draw."""

    def __init__(
        self, source: BatchSource, jobs: Jobs, changed: Callable[[], object], policy: ReviewPolicy
    ) -> None:
        self._source = source
        self._jobs = jobs
        self._changed = changed
        self._which = BatchFilter()
        self._generations = {_LIST: 0, _COUNTS: 0, _POLICY: 0}
        self._due: dict[str, datetime] = {}
        self._in_flight: set[str] = set()
        self.browsing = Browsing()
        self.loaded = False
        """The list has been read once by the filter in force."""
        self.policy = policy
        """What is wanted of reviews, as far as it is known: the settings', until the plant's is read."""
        self.counts: Counts | None = None
        """Of the range and the console's filters."""
        self._open = ""
        self.detail: BatchDetail | None = None
        self.told: Happenings | None = None
        self.trouble = ""
        """Why something could not be read; '' once it can."""

    def want(self, which: BatchFilter, *, counted_anew: bool = True) -> None:
        """Another list; the counts are the same where only the tab is another."""
        self._which = which
        self._drop_answers(_LIST, *([_COUNTS] if counted_anew else []))
        self.browsing, self.loaded = Browsing(held=self.browsing.held), False

    def look(self, now: datetime, which: BatchFilter, base: BatchFilter) -> None:
        """Read what is due. ``base`` has the range and the console's filters alone.

        Both may have moved on with the clock.
        """
        self._which = which
        if self._is_due(_LIST, now, LIST_EVERY):
            self._read_list()
        # the list first: that is what the reviewer waits for
        if self.loaded and self._is_due(_COUNTS, now, COUNTS_EVERY):
            self._start(_COUNTS, partial(self._source.counts, base), self._take_counts)
        if self._is_due(_POLICY, now, POLICY_EVERY):
            self._start(_POLICY, self._source.policy, self._take_policy)
        detail = self.detail
        often = detail is not None and detail.row.status == Status.OPEN
        if self._open and self._is_due("detail", now, DETAIL_EVERY if often else LIST_EVERY):
            self.open(self._open)

    @property
    def waits(self) -> bool:
        """Something that was asked has not been answered yet."""
        return bool(self._in_flight)

    def again(self) -> None:
        """Read everything at the next look."""
        self._due.clear()

    def _drop_answers(self, *which: str) -> None:
        """What is on its way is about what was."""
        for name in which:
            self._generations[name] += 1
        gone = {name for name in {*self._in_flight, *self._due} if _of(name) in which}
        self._in_flight -= gone
        self._due = {name: at for name, at in self._due.items() if name not in gone}

    def _is_due(self, name: str, now: datetime, every: timedelta) -> bool:
        if name in self._in_flight or now < self._due.get(name, now):
            return False
        self._due[name] = now + every
        return True

    def _start(self, name: str, job: Callable[[], object], take: Callable[..., object]) -> None:
        self._in_flight.add(name)
        generation = self._generations[_of(name)]
        self._jobs.run(
            partial(self._if_wanted, name, generation, job),
            partial(self._answered, name, generation, take), partial(self._failed, name, generation),
        )  # fmt: skip

    def _if_wanted(self, name: str, generation: int, job: Callable[[], object]) -> object:
        """In the job's thread: who turns quickly from tab to tab does not wait for those that are left."""
        return job() if generation == self._generations[_of(name)] else None

    def _answered(self, name: str, generation: int, take: Callable[..., object], answer: object) -> None:
        """An answer to what nobody wants to know any more is dropped."""
        if generation == self._generations[_of(name)]:
            self._in_flight.discard(name)
            self.trouble = ""
            take(answer)
            self._changed()

    def _failed(self, name: str, generation: int, sentence: str) -> None:
        if generation == self._generations[_of(name)]:
            self._in_flight.discard(name)
            self.trouble = sentence
            self._changed()

    # the list

    def _read_list(self) -> None:
        """As much of it as is around the cursor: other batches are read anew when they come in sight."""
        after, rows = browse.stretch(self.browsing)
        job = partial(self._source.listed, self._which, after, rows)
        self._start(_LIST, job, partial(self._take_below, after, rows))

    def _take_below(self, after: BatchRow | None, asked: int, rows: Rows) -> None:
        self.loaded = True
        self.browsing = browse.spliced(self.browsing, after, rows, asked=asked)

    def near(self, visible: int) -> None:
        """The cursor has moved: the pages that are near are read, if they are not held."""
        browsing = self.browsing
        if browsing.row + 2 * visible >= len(browsing.rows):
            self.more()
        if browsing.row < 2 * visible:
            self._above()

    def more(self) -> None:
        """The page below, if there is one."""
        rows = self.browsing.rows
        if rows and not self.browsing.bottom and "more" not in self._in_flight:
            job = partial(self._source.listed, self._which, rows[-1], PAGE)
            self._start("more", job, partial(self._take_below, rows[-1], PAGE))

    def _above(self) -> None:
        rows = self.browsing.rows
        if rows and not self.browsing.top and "above" not in self._in_flight:
            job = partial(self._source.above, self._which, rows[0], PAGE)
            self._start("above", job, partial(self._take_above, rows[0]))

    def _take_above(self, before: BatchRow, rows: Rows) -> None:
        self.browsing = browse.heightened(self.browsing, before, rows, asked=PAGE)

    def from_top(self) -> None:
        """The newest again, after a jump."""
        if not self.browsing.top:
            self._drop_answers(_LIST)
            self.browsing = Browsing()
            self._read_list()

    def find(self, narrowed: Callable[[BatchFilter], BatchFilter], then: Callable[[bool], object]) -> None:
        """Go to the next such batch below those that are held; ``then`` is told whether there is one."""
        last = self.browsing.rows[-1] if self.browsing.rows else None
        self._start("find", partial(self._found, narrowed(self._which), last), partial(self._jump, then))

    def _found(self, which: BatchFilter, last: BatchRow | None) -> Rows:
        """The batch and what is below it."""
        rows = self._source.listed(which, last, 1)
        return [*rows, *self._source.listed(self._which, rows[0], PAGE - 1)] if rows else []

    def _jump(self, then: Callable[[bool], object], rows: Rows) -> None:
        if rows:
            self._drop_answers(_LIST)
            self.browsing = browse.jumped(rows, asked=PAGE)
            self._above()
        then(bool(rows))

    def _take_counts(self, counts: Counts) -> None:
        self.counts = counts

    def _take_policy(self, policy: ReviewPolicy) -> None:
        self.policy = policy

    # one batch

    def open(self, key: str) -> None:
        """Read a batch; what is shown of another one goes."""
        self._open = key
        if self.detail is not None and self.detail.row.batch_key != key:
            self.detail = self.told = None
        self._start("detail", partial(self._read_detail, key), self._take_detail)

    def close(self) -> None:
        self._open, self.detail, self.told = "", None, None

    def _read_detail(self, key: str) -> tuple[BatchDetail | None, Happenings | None]:
        found = self._source.detail(key)
        if found is None:
            return None, None
        batch = found.batch
        until = (batch.ends_at or batch.last_at) + timedelta(seconds=1)
        return found, self._source.happenings(batch.device_id, batch.begins_at, until)

    def _take_detail(self, read: tuple[BatchDetail | None, Happenings | None]) -> None:
        found, told = read
        if found is None:
            self.trouble = "This batch is no more: its messages turned out to be of another."
        elif self._open == found.row.batch_key:
            self.detail, self.told = found, told
            self.browsing = browse.replaced(self.browsing, found.row)

    def reviewed(self, done: BatchDetail) -> None:
        """A batch as it is after a review: answers that may be older than that are dropped."""
        self._drop_answers(_LIST, _COUNTS)
        self.browsing = browse.replaced(self.browsing, done.row)
        if self.detail is not None and self.detail.row.batch_key == done.row.batch_key:
            self.detail = done
        self._changed()


def _of(name: str) -> str:
    return name if name in (_COUNTS, _POLICY) else _LIST
