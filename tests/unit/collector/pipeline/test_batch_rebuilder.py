"""How long new batches may stay away."""

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from dosing_tui.collector.context.intervals import Intervals
from dosing_tui.collector.pipeline.batch_rebuilder import (
    LONGEST_PAUSE_S,
    BatchRebuilder,
    compute_pause,
    describe_delay,
)
from tests.support.collector.protocol_fakes import FakeServer, IdleKeeper, make_context
from tests.support.polling import wait_until


@pytest.mark.parametrize(
    ("took_s", "pause_s"), [(0.0, 2.0), (0.1, 2.0), (3.0, 30.0), (29.0, 290.0), (600.0, 300.0)]
)
def test_a_database_is_spared_after_a_long_rebuild_but_not_for_hours(took_s: float, pause_s: float) -> None:
    assert compute_pause(took_s, 2.0) == pause_s


@given(st.floats(0, 1e6), st.floats(0.001, 600))
def test_the_pause_is_bounded_whatever_a_rebuild_takes(took_s: float, interval_s: float) -> None:
    assert interval_s <= compute_pause(took_s, interval_s) <= max(interval_s, LONGEST_PAUSE_S)


def test_batches_that_are_stored_late_are_a_sentence_for_the_operator() -> None:
    assert describe_delay(10.0, 100.0) == ""
    assert describe_delay(390.0, 300.0) == (
        "New batches are stored up to 18 min late: the last rebuild of changed batches took 6 min 30 s."
    )


class CountingKeeper(IdleKeeper):
    def __init__(self) -> None:
        self.calls = 0

    def __call__(self) -> None:
        self.calls += 1


class RebuilderBench:
    """Between two rebuilds it would wait for an hour; for ``event_s`` where a batch has begun or ended."""

    def __init__(self, folder: Path, *, event_s: float) -> None:
        self.keeper, self.schema_ready, self.events_stored = (
            CountingKeeper(),
            threading.Event(),
            threading.Event(),
        )
        pace = Intervals(batch_rebuild_s=3_600.0, batch_event_s=event_s)
        context = make_context(folder, FakeServer(), pace=pace)
        database = structs.replace(context.database, create_rebuild_call=lambda: self.keeper)
        self.rebuilder = BatchRebuilder(
            structs.replace(context, database=database), self.schema_ready, self.events_stored,
            is_writer_behind=lambda: False,
        )  # fmt: skip
        self.rebuilder.start()


@pytest.fixture
def eager(tmp_path: Path) -> Iterator[RebuilderBench]:
    bench = RebuilderBench(tmp_path, event_s=0.0)
    yield bench
    bench.rebuilder.stop()


def test_a_batch_that_has_begun_or_ended_is_rebuilt_at_once(eager: RebuilderBench) -> None:
    eager.schema_ready.set()
    for count in (1, 2, 3):
        wait_until(lambda count=count: eager.keeper.calls == count)  # type: ignore[misc]  # bound now
        eager.events_stored.set()
    wait_until(lambda: eager.keeper.calls == 4 and not eager.events_stored.is_set())


def test_nothing_is_rebuilt_before_the_schema_is_up_to_date(eager: RebuilderBench) -> None:
    eager.events_stored.set()
    assert not eager.schema_ready.wait(0.05)
    assert eager.keeper.calls == 0
    eager.schema_ready.set()
    wait_until(lambda: eager.keeper.calls >= 1)


def test_events_that_follow_soon_wait_for_the_pause_after_a_rebuild(tmp_path: Path) -> None:
    bench = RebuilderBench(tmp_path, event_s=3_600.0)
    bench.schema_ready.set()
    wait_until(lambda: bench.keeper.calls == 1)
    bench.events_stored.set()
    bench.rebuilder.stop()
    assert bench.keeper.calls == 1
    assert bench.events_stored.is_set()


@pytest.mark.parametrize("event_s", [0.0, 3_600.0])
def test_a_stop_ends_the_pause(event_s: float, tmp_path: Path) -> None:
    bench = RebuilderBench(tmp_path, event_s=event_s)
    bench.schema_ready.set()
    wait_until(lambda: bench.keeper.calls == 1)
    assert bench.rebuilder.stop()
