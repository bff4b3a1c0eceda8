"""Batches whose messages carry the station's time, cut to whole seconds, or only that of their receipt."""

from datetime import timedelta
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.messages.models import BatchEvent, Dose, Reading, TimeQuality
from tests.support.domain.batch_messages import (
    describe_batches,
    make_dose,
    make_event,
    normal_batch,
    reconstruct_from,
    seconds_after,
)

MessageT = TypeVar("MessageT", bound=Dose | BatchEvent)


def without_stamp(
    message: MessageT, *, received: float, quality: TimeQuality = TimeQuality.RECEIVE
) -> MessageT:
    """The message without the station's time."""
    moment = seconds_after(received)
    return replace(message, time=moment, received_at=moment, time_quality=quality)


def received_at(message: MessageT, seconds: float) -> MessageT:
    return replace(message, received_at=seconds_after(seconds))


def make_batch(
    seconds: float = 0.0, *, stamped_events: bool = True, stamped_doses: bool = True
) -> list[Reading]:
    """Two doses of a minute each, sent at fractions of a second; received 0.2 s later."""
    events = [make_event(seconds + at, name) for at, name in ((0.6, "start"), (122.9, "complete"))]
    doses = [make_dose(seconds + at, name) for at, name in ((61.3, "T-9"), (122.7, "T-12"))]
    return [
        *(_send(event, is_stamped=stamped_events) for event in events),
        *(_send(dose, is_stamped=stamped_doses) for dose in doses),
    ]


def _send(message: MessageT, *, is_stamped: bool) -> MessageT:
    arrival = message.time + timedelta(seconds=0.2)
    if is_stamped:
        return replace(message, time=message.time.replace(microsecond=0), received_at=arrival)
    return replace(message, time=arrival, received_at=arrival, time_quality=TimeQuality.RECEIVE)


def test_a_dose_without_a_stamp_received_half_a_second_after_the_complete_is_of_the_batch() -> None:
    start, first, second, complete = normal_batch()
    assert isinstance(second, Dose)
    (batch,) = reconstruct_from(start, first, without_stamp(second, received=125.5), complete)
    assert describe_batches([batch]) == ["complete CU-85 2"]
    assert (batch.ends_at, batch.anomalies) == (seconds_after(125), ())


@pytest.mark.parametrize("stamped_doses", [True, False])
@pytest.mark.parametrize("stamped_events", [True, False])
def test_batches_that_follow_each_other_at_once_are_whole_whichever_messages_are_stamped(
    *, stamped_events: bool, stamped_doses: bool
) -> None:
    readings = [
        reading
        for number in range(4)
        for reading in make_batch(123.0 * number, stamped_events=stamped_events, stamped_doses=stamped_doses)
    ]
    assert describe_batches(reconstruct_from(*readings)) == ["complete CU-85 2"] * 4


@given(st.lists(st.booleans(), min_size=12, max_size=12), st.floats(0, 0.999))
def test_whatever_is_stamped_no_batch_is_torn(stamps: list[bool], shift: float) -> None:
    sent = [message for number in range(3) for message in _messages_at(123.0 * number + shift)]
    pairs = zip(sent, stamps, strict=True)
    readings = [_send(message, is_stamped=is_stamped) for message, is_stamped in pairs]
    assert describe_batches(reconstruct_from(*readings)) == ["complete CU-85 2"] * 3


def _messages_at(seconds: float) -> list[Dose | BatchEvent]:
    return [
        make_event(seconds, "start"),
        make_dose(seconds + 61.2, "T-9"),
        make_dose(seconds + 122.3, "T-12"),
        make_event(seconds + 122.5, "complete"),
    ]


def test_the_order_of_receipt_decides_where_a_stations_clock_is_behind() -> None:
    """The clock is 20 s behind: the dose, received before the complete, seems to follow it by 19 s."""
    start, first, second, complete = normal_batch()
    assert isinstance(second, Dose)
    assert isinstance(complete, BatchEvent)
    late = received_at(complete, 145.1)
    found = reconstruct_from(start, first, without_stamp(second, received=144.2), late)
    assert describe_batches(found) == ["complete CU-85 2"]


def test_a_complete_without_a_stamp_is_of_the_batch_before_the_start_that_it_seems_to_follow() -> None:
    first, second = normal_batch(), normal_batch(125)
    complete = first[-1]
    assert isinstance(complete, BatchEvent)
    found = reconstruct_from(*first[:-1], without_stamp(complete, received=125.6), *second)
    assert describe_batches(found) == ["complete CU-85 2", "complete CU-85 2"]


def test_an_abort_keeps_the_dose_that_it_interrupted() -> None:
    start, first, second, _ = normal_batch()
    assert isinstance(second, Dose)
    found = reconstruct_from(start, first, make_event(100, "abort"), without_stamp(second, received=100.8))
    assert describe_batches(found) == ["aborted CU-85 2"]


def test_a_dose_of_the_next_batch_stays_there() -> None:
    first, second = normal_batch(), normal_batch(126)
    dose = second[1]
    assert isinstance(dose, Dose)
    found = reconstruct_from(*first, second[0], without_stamp(dose, received=187.4), *second[2:])
    assert describe_batches(found) == ["complete CU-85 2", "complete CU-85 2"]


def test_a_batch_whose_start_was_lost_ends_before_the_next_one_starts() -> None:
    lost, second = normal_batch()[1:], normal_batch(125)
    complete = lost[-1]
    assert isinstance(complete, BatchEvent)
    found = reconstruct_from(*lost[:-1], without_stamp(complete, received=125.4), *second)
    assert describe_batches(found) == ["no-start CU-85 2", "complete CU-85 2"]


def test_no_batch_ends_before_it_begins() -> None:
    dose = replace(make_dose(10, "T-9"), duration_ms=None)
    (batch,) = reconstruct_from(without_stamp(dose, received=10.7), make_event(10, "complete"))
    assert batch.ends_at is not None
    assert batch.begins_at <= batch.ends_at


def test_hours_of_buffered_batches_are_whole_when_they_arrive_at_once() -> None:
    """The first batch was seen to start; then the station was away for three hours."""
    hours = [reading for n in range(60) for reading in normal_batch(180.0 * n)]
    arrived = [replace(reading, received_at=seconds_after(10_900)) for reading in hours[1:]]
    before = reconstruct_from(hours[0], now=seconds_after(10_800))
    found = reconstruct_from(hours[0], *arrived, make_event(10_905, "start"), now=seconds_after(10_910))
    assert describe_batches(before) == ["incomplete CU-85 0"]
    assert describe_batches(found) == ["complete CU-85 2"] * 60 + ["open CU-85 0"]
    assert found[0].key == before[0].key


def test_buffered_doses_without_a_stamp_do_not_enter_the_running_batch() -> None:
    """Hours of doses arrive within seconds. Nobody knows when they were dosed."""
    start, first, second, complete = normal_batch()
    flushed = [
        without_stamp(make_dose(0, "T-9", dedup=n), received=70 + n / 10, quality=TimeQuality.BACKLOG)
        for n in range(2, 40)
    ]
    found = reconstruct_from(start, first, *flushed, second, complete)
    assert sorted(describe_batches(found)) == ["complete CU-85 2", "no-start CU-85 38"]
    assert all(batch.anomalies == () for batch in found)


def test_a_batch_that_was_buffered_as_a_whole_without_stamps_is_one_batch() -> None:
    messages = [m for m in normal_batch() if isinstance(m, Dose | BatchEvent)]
    flushed = [
        without_stamp(message, received=3600 + n / 10, quality=TimeQuality.BACKLOG)
        for n, message in enumerate(messages)
    ]
    assert describe_batches(reconstruct_from(*flushed)) == ["complete CU-85 2"]
