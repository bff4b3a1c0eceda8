"""Doses without any event, for however long: their batches are the same from wherever one begins to read."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.database.batches.spans.span_planner import (
    ChangedDay,
    StationSpan,
    compute_affected_span,
    widen_span,
)
from dosing_tui.domain.batches.models import DEFAULT_RULES, Batch
from dosing_tui.domain.messages.models import Dose, Reading
from tests.support.domain.batch_messages import (
    STATION,
    describe_batches,
    make_dose,
    make_event,
    reconstruct_from,
    seconds_after,
)

HOUR = 3600.0


def make_doses(
    since_h: float, until_h: float, *, every: float = 60.0, recipe: str = "CU-85"
) -> list[Reading]:
    """Of two pumps by turns, one every ``every`` s."""
    times = [since_h * HOUR + every * n for n in range(int((until_h - since_h) * HOUR / every))]
    return [make_dose(s, "T-9" if n % 2 else "T-12", recipe=recipe) for n, s in enumerate(times)]


def reconstruct_partly(hours: float, readings: list[Reading]) -> tuple[list[Batch], list[Batch]]:
    """The batches that begin within four hours: of all readings, and of what is read for them."""
    span = StationSpan(STATION, seconds_after(hours * HOUR), seconds_after((hours + 4) * HOUR))
    read = widen_span(span, DEFAULT_RULES)
    some = [reading for reading in readings if read.since <= reading.time < read.until]
    whole, part = (
        [
            batch
            for batch in reconstruct_from(*each, now=seconds_after(3000 * HOUR))
            if span.since <= batch.anchor_time < span.until
        ]
        for each in (readings, some)
    )
    return whole, part


@pytest.mark.parametrize("every", [60.0, 180.0, 330.0])
@pytest.mark.parametrize("hours", [9.0, 9.5, 13.99, 20.0])
def test_batches_do_not_depend_on_where_reading_begins(every: float, hours: float) -> None:
    readings = make_doses(0.3, 28, every=every)
    whole, part = reconstruct_partly(hours, readings)
    assert whole == part != []
    assert sum(len(batch.doses) for batch in reconstruct_from(*readings)) == len(readings)


def test_what_is_dosed_without_a_pause_is_one_batch_for_two_hours_and_then_one_each_hour() -> None:
    found = reconstruct_from(*make_doses(0.5, 5.5))
    assert describe_batches(found) == ["no-start CU-85 150", *["no-start CU-85 60"] * 2, "no-start CU-85 30"]
    assert [batch.doses[0].time for batch in found] == [seconds_after(h * HOUR) for h in (0.5, 3, 4, 5)]


def test_a_batch_whose_start_was_lost_goes_on_over_the_full_hour() -> None:
    (late,) = reconstruct_from(*make_doses(0.9, 2.1, every=300), make_event(7200, "complete"))
    assert (len(late.doses), late.ends_at) == (14, seconds_after(7200))


def test_a_pause_starts_the_two_hours_again() -> None:
    found = reconstruct_from(*make_doses(0, 2.5), *make_doses(2.6, 4.5))
    assert describe_batches(found) == ["no-start CU-85 120", "no-start CU-85 30", "no-start CU-85 114"]


def test_a_complete_ends_what_was_dosed_last() -> None:
    found = reconstruct_from(*make_doses(0, 3), make_event(3 * HOUR, "complete"))
    assert describe_batches(found) == ["no-start CU-85 120", "no-start CU-85 60"]
    assert [batch.ends_at for batch in found] == [seconds_after(2 * HOUR - 60), seconds_after(3 * HOUR)]


stretches = st.tuples(
    st.sampled_from([1, 5, 40, 150]),
    st.sampled_from([60.0, 130.0, 329.0, 330.0]),
    st.sampled_from(["CU-85", "CU-85", "FG-85/95", ""]),
    st.sampled_from(["", "", "", "start", "start", "complete", "abort", "pause"]),
    st.sampled_from([60.0, 200.0, 331.0, 1000.0, 5 * HOUR]),
)
"""How many doses, how far apart, of what; the event after them; and the time until the next ones."""


def make_readings(parts: list[tuple[int, float, str, str, float]]) -> list[Reading]:
    found: list[Reading] = []
    seconds = 0.0
    for count, every, recipe, name, pause in parts:
        for number in range(count):
            found.append(make_dose(seconds, "T-9" if number % 2 else "T-12", recipe=recipe))
            seconds += every
        if name:
            found.append(make_event(seconds - every + 1, name, recipe))
        seconds += pause
    return found


plants = st.lists(stretches, min_size=6, max_size=25).map(make_readings)


@settings(max_examples=settings().max_examples // 4)
@given(plants, st.floats(9, 20))
def test_a_window_gives_the_batches_of_the_whole_whatever_events_are_between(
    readings: list[Reading], hours: float
) -> None:
    whole, part = reconstruct_partly(hours, readings)
    assert part == whole
    doses_said = [reading for reading in readings if isinstance(reading, Dose)]
    assert sum(len(batch.doses) for batch in reconstruct_from(*readings)) == len(doses_said)


@settings(max_examples=settings().max_examples // 4)
@given(plants, st.floats(0, 20), st.sampled_from([1.0, 400.0, 2 * HOUR]))
def test_what_comes_late_changes_no_batch_beyond_what_is_rebuilt_for_it(
    readings: list[Reading], hours: float, lasting: float
) -> None:
    first, last = seconds_after(hours * HOUR), seconds_after(hours * HOUR + lasting)
    rebuilt = compute_affected_span(ChangedDay(STATION, first.date(), first, last, 1), DEFAULT_RULES)
    early = [reading for reading in readings if not first <= reading.time <= last]
    before, after = (
        [
            batch
            for batch in reconstruct_from(*each, now=seconds_after(3000 * HOUR))
            if not rebuilt.since <= batch.anchor_time < rebuilt.until
        ]
        for each in (early, readings)
    )
    assert before == after


@pytest.mark.parametrize(("per_s", "most"), [(0.3, 1_080), (2, 1_200), (20, 1_200), (100, 1_000)])
def test_a_run_of_too_many_doses_is_divided_into_bounded_batches_that_need_nothing_before(
    per_s: float, most: int
) -> None:
    count = 6_000
    readings = make_doses(0.3, 0.3 + count / per_s / HOUR, every=1 / per_s)
    found = reconstruct_from(*readings, now=seconds_after(3000 * HOUR))
    assert sum(len(batch.doses) for batch in found) == len(readings)
    assert max(len(batch.doses) for batch in found[2:]) <= most
    late = next(batch for batch in found[3:] if batch.ends_all_before)
    before = found[found.index(late) - 1].anchor_time
    kept: list[Reading] = [reading for reading in readings if reading.time >= before]
    again = reconstruct_from(*kept, now=seconds_after(3000 * HOUR))
    assert again[again.index(late) :] == found[found.index(late) :]


def test_a_started_batch_takes_no_more_doses_than_a_batch_can_have() -> None:
    most = DEFAULT_RULES.max_batch_doses
    readings: list[Reading] = [
        make_event(0, "start"),
        *(make_dose(n + 1.0, "T-9", dedup=n) for n in range(most + 5)),
    ]
    assert describe_batches(reconstruct_from(*readings)) == [f"incomplete CU-85 {most}", "no-start CU-85 5"]


def name_batch(dose: Dose, batch_id: str) -> Dose:
    return replace(dose, batch_id=batch_id)


def test_doses_of_two_batches_by_the_stations_names_are_two_batches() -> None:
    first = [name_batch(make_dose(at, "T-12"), "one") for at in (0, 60)]
    second = [name_batch(make_dose(at, "T-12"), "two") for at in (120, 180)]
    assert len(reconstruct_from(*first, *second)) == 2
    assert len(reconstruct_from(*(name_batch(each, "") for each in (*first, *second)))) == 1


def test_doses_of_one_batch_by_the_stations_name_are_one_whatever_their_recipe() -> None:
    doses = [
        name_batch(make_dose(at, "T-12", recipe=recipe), "one")
        for at, recipe in ((0, "CU-85"), (60, "FG-85/95"))
    ]
    assert len(reconstruct_from(*doses)) == 1
    assert len(reconstruct_from(*(name_batch(each, "") for each in doses))) == 2
    started: list[Reading] = [make_event(-5, "start", pumps=2), *doses, make_event(70, "complete", pumps=2)]
    (batch,) = reconstruct_from(*started)
    assert (len(batch.doses), batch.status, batch.station_names) == (2, "complete", "one")


def test_the_complete_of_another_batch_by_the_stations_name_ends_it_not() -> None:
    """Of the same recipe: without the names it would be its end."""
    begun: list[Reading] = [
        replace(make_event(0, "start", pumps=1), batch_id="one"),
        name_batch(make_dose(60, "T-12"), "one"),
    ]
    end = make_event(70, "complete", pumps=1)
    (whole,) = reconstruct_from(*begun, replace(end, batch_id="one"))
    assert whole.status == "complete"
    first, _ = reconstruct_from(*begun, replace(end, batch_id="two"))
    assert first.status != "complete"
