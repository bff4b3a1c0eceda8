"""Pages of the list of batches fit together, whatever happens to the batches while they are read."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.batch_review.query_models import (
    BatchDetail,
    BatchFilter,
    BatchRow,
    BatchStatusCounts,
    ContextEvents,
)
from dosing_tui.domain.batch_review.review_policy import ReviewPolicy
from dosing_tui.domain.batch_review.review_result import ReviewResult
from dosing_tui.domain.batch_review.review_rules import ReviewDraft
from dosing_tui.tui.data import batch_list_state as browse
from dosing_tui.tui.data.batch_list_state import PAGE_SIZE
from dosing_tui.tui.data.batch_store import BatchStore
from dosing_tui.tui.data.query_results import BatchQueryResult
from dosing_tui.tui.data.query_workers import BuildResult, Lane, run_to_result
from tests.support.domain.batch_messages import NOON
from tests.support.tui.batch_samples import sample_batches

ROW = replace(sample_batches().details[0].row, status="complete", findings=0)
VISIBLE = 30
Value = TypeVar("Value")


def make_row(number: float, key: str = "", findings: int = 0) -> BatchRow:
    """The greater the number, the newer."""
    begins = NOON + timedelta(minutes=number)
    return replace(ROW, batch_key=key or f"{number:08.1f}", begins_at=begins, findings=findings)


@dataclass
class FakeBatchSource:
    """Batches as a database keeps them: they come, go, and begin at another time than they seemed to."""

    rows: list[BatchRow] = field(default_factory=list)
    account: str = "anna"
    asked: list[str] = field(default_factory=list)

    def verify_pin(self, who: str, pin: str) -> bool:
        return True

    def _list_ordered(self, which: BatchFilter) -> list[BatchRow]:
        wanted = [row for row in self.rows if row.findings or not which.with_findings]
        return sorted(wanted, key=browse.get_sort_key, reverse=True)

    def list_batches(
        self, batch_filter: BatchFilter, after: BatchRow | None, rows: int
    ) -> Sequence[BatchRow]:
        self.asked.append(f"list of {', '.join(batch_filter.status) or 'all'}")
        found = self._list_ordered(batch_filter)
        return [
            row for row in found if after is None or browse.get_sort_key(row) < browse.get_sort_key(after)
        ][:rows]

    def list_batches_above(
        self, batch_filter: BatchFilter, before: BatchRow, rows: int
    ) -> Sequence[BatchRow]:
        return [
            row
            for row in self._list_ordered(batch_filter)
            if browse.get_sort_key(row) > browse.get_sort_key(before)
        ][-rows:]

    def count_batches(self, batch_filter: BatchFilter) -> BatchStatusCounts:
        self.asked.append("counts")
        return BatchStatusCounts(len(self.rows), 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)

    def read_batch(self, name: str) -> BatchDetail | None:
        row = next((row for row in self.rows if row.batch_key == name), None)
        return None if row is None else replace(sample_batches().details[0], row=row)

    def list_context_events(self, **_: object) -> ContextEvents:
        return ContextEvents()

    def enter_reviews(self, drafts: Sequence[ReviewDraft]) -> ReviewResult:
        return ReviewResult(unsaved_drafts=tuple(drafts))

    def read_policy(self) -> ReviewPolicy:
        return ReviewPolicy()


class AtOnce:
    """Runs each query when it is submitted; ``store`` gets the result."""

    store: BatchStore

    def submit(
        self, query: Callable[[], Value], build_result: BuildResult[Value], lane: Lane = Lane.PANELS
    ) -> None:
        result = run_to_result(query, build_result)
        assert isinstance(result, BatchQueryResult)
        self.store.store_result(result)

    def submit_panel(self, request: object) -> None:
        raise NotImplementedError


class Later(AtOnce):
    """Runs them when the test says so."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], object]] = []

    def submit(
        self, query: Callable[[], Value], build_result: BuildResult[Value], lane: Lane = Lane.PANELS
    ) -> None:
        self.waiting.append(lambda: AtOnce.submit(self, query, build_result, lane))


class Reviewer:
    """Somebody in front of the list; a moment passes at every step."""

    def __init__(self, kept: FakeBatchSource, workers: AtOnce | None = None) -> None:
        self.kept, self.now = kept, NOON
        self.workers = workers or AtOnce()
        self.shelf = BatchStore(kept, self.workers, lambda: None, ReviewPolicy())
        self.workers.store = self.shelf
        self.refresh_lists()

    def refresh_lists(self) -> None:
        self.now += timedelta(seconds=10)
        self.shelf.refresh_due(self.now, BatchFilter(), BatchFilter())
        self.shelf.list_state = browse.clamp_cursor(self.shelf.list_state, VISIBLE)

    def move_cursor(self, step: int) -> None:
        self.shelf.list_state = browse.move_cursor(self.shelf.list_state, step, VISIBLE)
        self.shelf.prefetch_pages(VISIBLE)
        self.refresh_lists()

    def find_next(self) -> None:
        self.shelf.find_next(lambda which: replace(which, with_findings=True), "")
        self.refresh_lists()

    @property
    def in_sight(self) -> list[str]:
        here = self.shelf.list_state
        return [row.batch_key for row in here.rows[here.first : here.first + VISIBLE]]

    @property
    def loaded_keys(self) -> list[str]:
        return [row.batch_key for row in self.shelf.list_state.rows]


def make_source(count: int) -> FakeBatchSource:
    return FakeBatchSource([make_row(number) for number in range(count)])


def list_keys(kept: FakeBatchSource) -> list[str]:
    return [row.batch_key for row in kept.list_batches(BatchFilter(), after=None, rows=100_000)]


def test_a_batch_that_turns_out_to_have_begun_earlier_leaves_no_hole_behind_it() -> None:
    plant = make_source(3 * PAGE_SIZE)
    who = Reviewer(plant)
    last = who.shelf.list_state.rows[-1]
    # late messages: the last batch of the page began an hour before
    plant.rows[plant.rows.index(last)] = moved = replace(last, begins_at=last.begins_at - timedelta(hours=1))
    who.shelf.open(moved.batch_key)
    who.shelf.read_page_below()
    assert len(who.loaded_keys) == 2 * PAGE_SIZE - 1
    assert who.loaded_keys == list_keys(plant)[: 2 * PAGE_SIZE - 1]


def test_a_batch_that_comes_between_two_pages_is_there_as_soon_as_its_place_is_in_sight() -> None:
    plant = make_source(10 * PAGE_SIZE)
    who = Reviewer(plant)
    who.move_cursor(5 * PAGE_SIZE // 3)
    for _ in range(8):
        who.move_cursor(PAGE_SIZE)
    place = who.shelf.list_state.rows[4 * PAGE_SIZE]
    plant.rows.append(make_row(0, "late"))
    plant.rows[-1] = replace(plant.rows[-1], begins_at=place.begins_at + timedelta(seconds=1))
    who.move_cursor(4 * PAGE_SIZE - who.shelf.list_state.row)
    assert "late" in who.in_sight
    assert who.loaded_keys == list_keys(plant)[: len(who.loaded_keys)]


def test_what_lies_above_a_batch_that_was_gone_to_is_read_page_by_page() -> None:
    plant = make_source(12 * PAGE_SIZE)
    plant.rows[3] = replace(plant.rows[3], findings=1)
    who = Reviewer(plant)
    who.find_next()
    here = browse.get_selected_row(who.shelf.list_state)
    assert here is not None
    assert here.batch_key == make_row(3).batch_key
    for _ in range(12 * PAGE_SIZE // VISIBLE + 1):
        who.move_cursor(-VISIBLE)
    assert who.shelf.list_state.has_newest
    assert who.loaded_keys == list_keys(plant)


def test_no_more_is_held_than_is_good_and_there_is_an_end_all_the_same(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(browse, "MAX_ROWS", 6 * PAGE_SIZE)
    plant = make_source(3 * browse.MAX_ROWS // 2)
    who = Reviewer(plant)
    while not who.shelf.list_state.has_oldest:
        who.move_cursor(PAGE_SIZE)
        assert len(who.loaded_keys) <= browse.MAX_ROWS
    who.move_cursor(browse.MAX_ROWS)
    assert who.in_sight[-1] == list_keys(plant)[-1]
    assert who.loaded_keys == list_keys(plant)[-len(who.loaded_keys) :]


def test_who_turns_from_tab_to_tab_waits_for_the_last_list_alone() -> None:
    plant, workers = make_source(5), Later()
    who = Reviewer(plant, workers)
    for job in workers.waiting:
        job()
    workers.waiting.clear()
    plant.asked.clear()
    for status in ("aborted", "incomplete", "complete"):
        who.shelf.set_filter(BatchFilter(status=(status,)), reset_counts=False)
        who.shelf.refresh_due(who.now, BatchFilter(status=(status,)), BatchFilter())
    for job in workers.waiting:
        job()
    assert plant.asked == ["list of complete"]
    assert len(who.loaded_keys) == 5


STEPS = st.one_of(
    st.tuples(st.just("go"), st.integers(-150, 150)),
    st.tuples(st.just("find"), st.just(0)),
    st.tuples(st.just("come"), st.integers(-50, 350)),
    st.tuples(st.just("move"), st.integers(0, 400)),
    st.tuples(st.just("leave"), st.integers(0, 400)),
)


@settings(max_examples=settings().max_examples // 2)
@given(st.lists(STEPS, max_size=14))
def test_what_is_in_sight_is_what_is_there_whatever_happens_meanwhile(steps: list[tuple[str, int]]) -> None:
    plant = FakeBatchSource([make_row(number, findings=number % 97 == 0) for number in range(300)])
    who = Reviewer(plant)
    for count, (what, number) in enumerate(steps):
        if what == "go":
            who.move_cursor(number)
        elif what == "find":
            who.find_next()
        elif what == "come":
            plant.rows.append(make_row(number + 0.5, f"new-{count}"))
        else:
            gone = plant.rows.pop(number % len(plant.rows))
            if what == "move":
                plant.rows.append(replace(gone, begins_at=gone.begins_at - timedelta(minutes=90.3)))
        who.refresh_lists()
        who.refresh_lists()
        assert len(set(who.loaded_keys)) == len(who.loaded_keys)
        sight, every = who.in_sight, list_keys(plant)
        begins = every.index(sight[0])
        assert sight == every[begins : begins + len(sight)]
