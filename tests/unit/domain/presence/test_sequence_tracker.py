"""Gaps in sequence numbers: repetitions, overtaking, a counter that wraps, a new boot."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.presence.counter_run import SavedRun
from dosing_tui.domain.presence.models import MessageLoss
from dosing_tui.domain.presence.sequence_stamp import SequenceStamp
from dosing_tui.domain.presence.sequence_tracker import (
    BACK_WINDOW,
    MAX_SETTLE_TIME,
    SETTLE_TIME,
    SequenceTracker,
)

START = datetime(2026, 11, 30, 6, 0, tzinfo=UTC)
SECOND = timedelta(seconds=1)
WRAP = 2**32


def settle_all(tracker: SequenceTracker, at: datetime = START) -> list[MessageLoss]:
    """Without the beginnings of counts."""
    return [loss for loss in tracker.settle(at + 2 * SETTLE_TIME) if loss.count]


def track(numbers: Iterable[int], boot_id: str | None = None) -> SequenceTracker:
    tracker = SequenceTracker()
    for number in numbers:
        tracker.add_stamps([SequenceStamp("s1", boot_id, number % WRAP)], START)
    return tracker


def count_lost(tracker: SequenceTracker, at: datetime = START) -> int:
    return sum(loss.count for loss in settle_all(tracker, at))


starts = st.integers(0, WRAP - 1) | st.sampled_from([0, 1, WRAP - 3, WRAP - 1])
boots = st.none() | st.just("b1")


@st.composite
def overtaking(draw: st.DrawFn) -> tuple[list[int], set[int]]:
    """Numbers in an order in which none is late by more than the window; some come twice, some never."""
    count = draw(st.integers(2, 120))
    lost = draw(st.sets(st.integers(1, count - 2), max_size=20)) if count > 2 else set()
    delay = draw(st.lists(st.integers(0, 15), min_size=count, max_size=count))
    sent = [(at + late, at) for at, late in enumerate(delay) if at not in lost]
    again = draw(st.lists(st.sampled_from(sent), max_size=20))
    order = sorted([*sent, *((at + 10, number) for at, number in again)])
    # the first begins the count, the last ends it
    return [0, *(number for _, number in order), count - 1], lost


@given(starts, boots, overtaking())
def test_lost_are_exactly_the_numbers_that_never_came(
    start: int, boot_id: str | None, sent: tuple[list[int], set[int]]
) -> None:
    order, lost = sent
    tracker = track((start + number for number in order), boot_id)
    losses = settle_all(tracker)
    found = {(loss.first + step) % WRAP for loss in losses for step in range(loss.count)}
    assert found == {(start + number) % WRAP for number in lost}
    assert sum(loss.count for loss in losses) == len(lost)


@given(starts, boots, st.permutations(range(1, 33)))
def test_messages_in_flight_at_once_may_come_in_any_order(
    start: int, boot_id: str | None, order: list[int]
) -> None:
    assert count_lost(track((start + number for number in [0, *order, *order]), boot_id)) == 0


@given(starts, st.integers(0, WRAP - 1))
def test_a_new_boot_begins_a_new_count(before: int, after: int) -> None:
    tracker = track(range(before, before + 5), "b1")
    for number in range(after, after + 5):
        tracker.add_stamps([SequenceStamp("s1", "b2", number % WRAP)], START)
    tracker.add_stamps([SequenceStamp("s1", "b1", (before + 5) % WRAP)], START)  # overtaken at the restart
    assert count_lost(tracker) == 0


@given(st.sets(st.integers(2, 59), min_size=1, max_size=20), st.sets(st.integers(2, 59), max_size=20))
def test_what_an_earlier_boot_lost_is_no_number_of_the_boot_that_runs(
    earlier: set[int], later: set[int]
) -> None:
    """Only the status says the boot, and both boots count from 1."""
    tracker = SequenceTracker()
    for boot_id, lost, at in (("b1", earlier, START), ("b2", later, START + 4 * SETTLE_TIME)):
        tracker.add_stamps([SequenceStamp("s1", boot_id, 1)], at)
        for number in range(2, 61):
            if number not in lost:
                tracker.add_stamps([SequenceStamp("s1", None, number)], at)
        losses = settle_all(tracker, at)
        assert all(loss.count > 0 for loss in losses)
        found = {loss.first + step for loss in losses for step in range(loss.count)}
        assert found == lost


def test_the_boot_that_runs_passes_the_last_number_of_the_one_before() -> None:
    tracker = track(range(1, 31), "b1")
    later = START + 4 * SETTLE_TIME
    tracker.add_stamps([SequenceStamp("s1", "b2", 1)], later)
    for number in range(2, 80):
        if number != 30:  # 31 follows the last of the first boot, as it seems
            tracker.add_stamps([SequenceStamp("s1", None, number)], later)
    tracker.add_stamps([SequenceStamp("s1", "b2", 80)], later)
    (loss,) = settle_all(tracker, later)
    assert (loss.first, loss.count) == (30, 1)


def test_an_earlier_boot_takes_no_number_that_comes_out_of_order() -> None:
    tracker = track([1, 2], "b1")
    for boot_id, number in (("b2", 1), (None, 3), ("b2", 2), *((None, number) for number in range(4, 40))):
        tracker.add_stamps([SequenceStamp("s1", boot_id, number)], START)
    tracker.add_stamps([SequenceStamp("s1", "b2", 40)], START)
    assert settle_all(tracker) == []


def test_a_repetition_after_a_restart_is_none_of_an_earlier_boot() -> None:
    tracker = track([*range(1, 18), 1], "b1")
    later = START + 4 * SETTLE_TIME
    tracker.add_stamps([SequenceStamp("s1", "b2", 1)], later)
    for number in (*range(2, 19), 18, *range(19, 83), 82, *range(83, 91)):
        tracker.add_stamps([SequenceStamp("s1", None, number)], later)
    assert settle_all(tracker, later) == []


def test_a_gap_has_its_number_and_is_reported_once() -> None:
    tracker = track([1, 2, 6])
    assert tracker.settle(START + SETTLE_TIME - SECOND) == [MessageLoss("s1", START, 0, 1, 1)]
    at = START + SETTLE_TIME
    assert tracker.settle(at) == [MessageLoss("s1", at, 3, 3, 5)]
    assert tracker.settle(at + SECOND) == []


def test_a_message_that_arrives_after_all_is_no_longer_lost() -> None:
    tracker = track([1, 5])
    assert count_lost(tracker) == 3
    tracker.add_stamps([SequenceStamp("s1", None, 3)], START)
    assert count_lost(tracker) == -1
    tracker.add_stamps([SequenceStamp("s1", None, 3)], START)
    assert count_lost(tracker) == 0


def test_a_counter_without_boot_that_starts_again_is_no_loss() -> None:
    tracker = track([900, 901, 1, 2, 3, 4])
    assert count_lost(tracker) == 0
    for number in (5, 8):
        tracker.add_stamps([SequenceStamp("s1", None, number)], START)
    assert count_lost(tracker) == 2


def test_a_counter_that_is_set_far_ahead_is_no_loss() -> None:
    assert count_lost(track([7, 8, 4_000_000, 4_000_001, 4_000_002, 4_000_003])) == 0


def test_a_long_gap_of_one_boot_is_counted_in_full() -> None:
    assert count_lost(track([1, 50_000], "b1")) == 49_998


@given(st.lists(st.integers(1, BACK_WINDOW), max_size=50))
def test_repetitions_from_far_back_are_no_restart(back: list[int]) -> None:
    numbers = [*range(200), *(199 - number for number in sorted(back, reverse=True)), 200, 201]
    assert count_lost(track(numbers)) == 0


def test_what_the_broker_sends_again_proves_no_restart() -> None:
    tracker = track(range(500))
    tracker.add_stamps(
        [SequenceStamp("s1", None, number) for number in range(300, 400)], START, is_resent=True
    )
    tracker.add_stamps([SequenceStamp("s1", None, 500)], START)
    assert count_lost(tracker) == 0


def test_stations_are_counted_apart_and_names_are_bounded() -> None:
    tracker = SequenceTracker()
    for number in (1, 4):
        for station in ("s1", "s2"):
            tracker.add_stamps([SequenceStamp(station, None, number)], START)
    losses = settle_all(tracker)
    assert sorted((loss.device_id, loss.count) for loss in losses) == [("s1", 2), ("s2", 2)]
    for name in range(3_000):
        tracker.add_stamps([SequenceStamp(f"x{name}", None, 1)], START)
    assert count_lost(tracker) == 0


def test_numbers_of_the_status_count_with_those_of_the_readings() -> None:
    tracker = SequenceTracker()
    for boot_id, number in (("b1", 1), (None, 2), ("b1", 3), (None, 6)):
        tracker.add_stamps([SequenceStamp("s1", boot_id, number)], START)
    assert count_lost(tracker) == 2


def test_a_count_goes_on_after_a_restart_and_an_open_gap_has_its_time_again() -> None:
    before = track([1, 2, 5], "b1")
    tracker, later = SequenceTracker(), START + timedelta(hours=1)
    (saved,) = (json.loads(json.dumps(runs)) for runs in before.save_runs().values())
    tracker.restore_runs({"s1": map(SavedRun.read, saved)}, later)
    assert [loss for loss in tracker.settle(later) if loss.count] == []
    tracker.add_stamps([SequenceStamp("s1", "b1", 4), SequenceStamp("s1", "b1", 8)], later)
    losses = [(loss.count, loss.first) for loss in settle_all(tracker, later)]
    assert sorted(losses) == [(1, 3), (2, 6)]


def add_number(tracker: SequenceTracker, number: int, at: datetime, device: str = "s1") -> None:
    tracker.add_stamps([SequenceStamp(device, None, number)], at)


def settle_at(tracker: SequenceTracker, at: datetime) -> list[tuple[str, int, int]]:
    return [(loss.device_id, loss.first, loss.count) for loss in tracker.settle(at) if loss.count]


def test_nothing_is_lost_while_messages_that_others_overtook_still_arrive() -> None:
    """A broker with a queue may pass on new messages before it."""
    tracker, at = SequenceTracker(), START
    for device in ("s1", "s2"):
        for number in (1, 500):
            add_number(tracker, number, at, device)
    for number in range(2, 200):
        at += SETTLE_TIME / 10
        add_number(tracker, number, at)
        assert settle_at(tracker, at) == []
    at += SETTLE_TIME
    assert sorted(settle_at(tracker, at)) == [("s1", 200, 300), ("s2", 2, 498)]


def test_a_station_that_never_keeps_the_order_hides_no_loss_for_longer_than_ten_minutes() -> None:
    tracker, at = SequenceTracker(), START
    for number in (1, 3):
        add_number(tracker, number, at, "s2")
    losses = []
    for number in range(10, 2_000, 2):
        at += SECOND
        add_number(tracker, number + 1, at)
        add_number(tracker, number, at)
        losses += [(at, loss) for loss in settle_at(tracker, at)]
    ((found_at, loss),) = losses
    assert loss == ("s2", 2, 1)
    assert found_at == START + MAX_SETTLE_TIME


def test_a_clock_that_was_set_back_delays_no_loss() -> None:
    tracker = SequenceTracker()
    for number in (1, 3):
        add_number(tracker, number, START)
    earlier = START - timedelta(hours=1)
    assert settle_at(tracker, earlier) == []
    assert settle_at(tracker, earlier + SETTLE_TIME) == [("s1", 2, 1)]
