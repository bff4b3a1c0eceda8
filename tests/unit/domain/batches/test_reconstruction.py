"""Each rule by which messages become batches, and each case in which they do not arrive as they should."""

from datetime import timedelta
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from dosing_tui.domain.batches.canonical_json import batch_to_record
from dosing_tui.domain.batches.reconstruction import compute_batch_key, reconstruct_batches
from dosing_tui.domain.messages.models import Dose, Reading, Rejection, TimeQuality
from dosing_tui.simulator.fault_injection import Fault
from tests.support.domain.batch_messages import (
    MUCH_LATER,
    STATION,
    describe_batches,
    make_dose,
    make_event,
    make_level,
    normal_batch,
    reconstruct_from,
    seconds_after,
)
from tests.support.simulator.simulated_plants import take_live
from tests.unit.simulator.test_message_parser_agrees import new_intake, parse_received


def test_a_normal_batch_is_complete() -> None:
    (batch,) = reconstruct_from(*normal_batch())
    assert describe_batches([batch]) == ["complete CU-85 2"]
    assert (batch.begins_at, batch.ends_at, batch.pumps, batch.mode) == (
        seconds_after(0),
        seconds_after(125),
        2,
        "CATALYST",
    )
    assert batch.key == compute_batch_key(STATION, seconds_after(0))
    assert [(i.chemical, i.error_g) for i in batch.ingredients] == [("T-9", 0.1), ("T-12", 0.1)]


def test_a_batch_is_open_until_it_has_been_silent_for_long() -> None:
    begun = normal_batch()[:2]
    (batch,) = reconstruct_from(*begun, now=seconds_after(61 + 15 * 60))
    assert (batch.status, batch.ends_at) == ("open", None)
    (batch,) = reconstruct_from(*begun, now=seconds_after(61 + 15 * 60 + 1))
    assert (batch.status, batch.ends_at, batch.reason) == (
        "incomplete",
        seconds_after(61),
        "its complete was not received",
    )


def test_more_pumps_are_given_more_time() -> None:
    assert describe_batches(
        reconstruct_from(make_event(0, "start", pumps=4), now=seconds_after(24 * 60))
    ) == ["open CU-85 0"]
    assert describe_batches(
        reconstruct_from(make_event(0, "start", pumps=4), now=seconds_after(26 * 60))
    ) == ["incomplete CU-85 0"]


def test_without_its_complete_the_next_start_shows_that_it_was_aborted() -> None:
    first, second = reconstruct_from(*normal_batch()[:3], *normal_batch(400))
    assert describe_batches([first, second]) == ["aborted CU-85 2", "complete CU-85 2"]
    assert first.reason == "CU-85 was started before it was complete"
    assert first.ends_at == seconds_after(122)


def test_what_fell_silent_long_before_the_next_start_stays_incomplete() -> None:
    assert describe_batches(reconstruct_from(*normal_batch()[:2], *normal_batch(61 + 16 * 60))) == [
        "incomplete CU-85 1",
        "complete CU-85 2",
    ]


def test_without_its_start_doses_and_complete_are_one_batch() -> None:
    (batch,) = reconstruct_from(*normal_batch()[1:])
    assert describe_batches([batch]) == ["no-start CU-85 2"]
    assert (batch.begins_at, batch.ends_at) == (seconds_after(3), seconds_after(125))


def test_without_start_and_complete_doses_that_follow_each_other_are_one_batch() -> None:
    assert describe_batches(reconstruct_from(*normal_batch()[1:3], *normal_batch(600)[1:3])) == [
        "no-start CU-85 2",
        "no-start CU-85 2",
    ]


def test_a_lone_complete_is_said_to_be_one() -> None:
    assert describe_batches(reconstruct_from(*normal_batch(), make_event(1000, "complete"))) == [
        "complete CU-85 2",
        "complete-only CU-85 0",
    ]


def test_a_lone_abort_is_an_aborted_batch() -> None:
    assert describe_batches(reconstruct_from(make_event(0, "abort"))) == ["aborted CU-85 0"]


@pytest.mark.parametrize("name", ["abort", "error"])
def test_an_abort_or_an_error_ends_a_batch(name: str) -> None:
    (batch,) = reconstruct_from(*normal_batch()[:2], make_event(90, name))
    assert describe_batches([batch]) == ["aborted CU-85 1"]
    assert batch.ends_at == seconds_after(90)


def test_a_late_message_heals_a_batch_and_leaves_its_key() -> None:
    start, first, second, complete = normal_batch()
    (without,) = reconstruct_from(start, first, complete)
    (whole,) = reconstruct_from(start, first, complete, second)
    assert describe_batches([without, whole]) == ["complete CU-85 1", "complete CU-85 2"]
    assert without.key == whole.key


def test_a_pause_of_twenty_minutes_is_of_the_batch() -> None:
    start, first, second, complete = normal_batch()
    late = [replace(m, time=m.time + timedelta(minutes=20)) for m in (second, complete)]
    assert describe_batches(reconstruct_from(start, first, now=seconds_after(17 * 60))) == [
        "incomplete CU-85 1"
    ]
    assert describe_batches(reconstruct_from(start, first, *late)) == ["complete CU-85 2"]


def test_a_batch_that_says_it_pauses_is_open_for_longer() -> None:
    assert describe_batches(
        reconstruct_from(*normal_batch()[:2], make_event(90, "pause"), now=seconds_after(3600))
    ) == ["open CU-85 1"]


def test_a_batch_that_paused_for_good_is_not_aborted_by_a_start_hours_later() -> None:
    paused = [*normal_batch()[:2], make_event(90, "pause")]
    for later in ([], normal_batch(5 * 3600)):
        assert describe_batches(reconstruct_from(*paused, *later))[0] == "incomplete CU-85 1"


def test_nothing_belongs_to_a_batch_of_the_day_before() -> None:
    assert describe_batches(reconstruct_from(*normal_batch()[:2], *normal_batch(8 * 3600)[2:])) == [
        "incomplete CU-85 1",
        "no-start CU-85 1",
    ]


def test_a_complete_said_twice_is_one_complete() -> None:
    (batch,) = reconstruct_from(*normal_batch(), make_event(140, "complete", dedup=2))
    assert (batch.status, batch.ends_at) == ("complete", seconds_after(125))
    assert batch.anomalies == ("its complete was said more than once",)


def test_a_start_said_twice_in_one_second_is_one_start() -> None:
    (batch,) = reconstruct_from(*normal_batch(), make_event(0, "start", dedup=2))
    assert batch.anomalies == ("its start was said more than once",)


def test_the_complete_of_something_else_aborts_a_batch() -> None:
    found = reconstruct_from(*normal_batch()[:2], make_event(100, "complete", "FG-85/95"))
    assert describe_batches(found) == ["aborted CU-85 1", "complete-only FG-85/95 0"]
    assert found[0].reason == "the complete of FG-85/95 came while it was under way"


def test_a_dose_of_something_else_is_a_batch_of_its_own() -> None:
    batch, stray = reconstruct_from(*normal_batch(), make_dose(90, "L25B", recipe="FG-85/95"))
    assert describe_batches([batch, stray]) == ["complete CU-85 2", "no-start FG-85/95 1"]
    assert stray.anomalies == ("it was dosed while CU-85 was under way",)
    assert batch.anomalies == ("FG-85/95 was dosed meanwhile",)


def test_a_dose_that_began_long_before_the_start_is_of_no_started_batch() -> None:
    found = reconstruct_from(make_event(0, "start"), make_dose(30, "T-9", duration_s=400))
    assert describe_batches(found) == ["incomplete CU-85 0", "no-start CU-85 1"]


def test_when_a_pump_doses_again_after_a_long_silence_a_start_was_lost() -> None:
    found = reconstruct_from(*normal_batch()[:3], *normal_batch(3600)[1:])
    assert describe_batches(found) == ["incomplete CU-85 2", "no-start CU-85 2"]


def test_the_same_pump_twice_is_one_ingredient_with_its_target_once() -> None:
    (batch,) = reconstruct_from(*normal_batch(), make_dose(70, "T-9", actual_g=0.3, dedup=2))
    t9 = batch.ingredients[0]
    assert (t9.chemical, t9.target_g, t9.actual_g, t9.doses) == ("T-9", 40.0, 40.4, 2)


def test_in_one_second_a_complete_is_of_the_batch_before_the_start() -> None:
    first = normal_batch()
    second = [make_event(125, "start"), *normal_batch(125)[1:]]
    assert describe_batches(reconstruct_from(*second, *first)) == ["complete CU-85 2", "complete CU-85 2"]


def test_in_one_second_a_start_comes_before_its_complete() -> None:
    assert describe_batches(
        reconstruct_from(make_event(0, "complete"), make_dose(0, "T-9"), make_event(0, "start"))
    ) == ["complete CU-85 1"]


def test_a_clock_that_is_set_back_within_a_batch_loses_nothing() -> None:
    start, first, second, complete = normal_batch()
    back = [replace(m, time=m.time - timedelta(minutes=10)) for m in (second, complete)]
    found = reconstruct_from(start, first, *back)
    assert sum(len(batch.doses) for batch in found) == 2
    assert describe_batches(found) == ["no-start CU-85 1", "incomplete CU-85 1"]


def test_midnight_and_the_end_of_summer_time_are_moments_like_others() -> None:
    for hours in (11.98, -24 * 29 + 13 - 0.02):  # 24:00 UTC, and 01:00 UTC on 25 October
        assert describe_batches(reconstruct_from(*normal_batch(hours * 3600))) == ["complete CU-85 2"]


def test_stations_do_not_meet() -> None:
    readings = [*normal_batch(), *normal_batch(10, "FG-85/95", device="dosing_system_02")]
    assert describe_batches(reconstruct_from(*readings)) == ["complete CU-85 2", "complete FG-85/95 2"]


def test_names_of_recipes_are_compared_without_case_and_one_not_said_fits() -> None:
    start = make_event(0, "start", "CU-65/75")
    odd = (
        make_dose(61, "T-9", recipe="cu-65/75"),
        make_dose(122, "T-12", recipe=""),
        make_event(125, "complete", ""),
    )
    assert describe_batches(reconstruct_from(start, *odd)) == ["complete CU-65/75 2"]


def test_targets_may_differ_from_batch_to_batch() -> None:
    readings = normal_batch()
    readings[1] = make_dose(61, "T-9", target_g=20.4, actual_g=20.5, mode="BDO")
    (batch,) = reconstruct_from(*readings)
    assert (batch.mode, batch.ingredients[0].target_g) == ("BDO", 20.4)


def test_redelivered_messages_count_once() -> None:
    readings = normal_batch()
    again = [replace(reading, received_at=seconds_after(5000)) for reading in readings]
    assert reconstruct_from(*readings, *again) == reconstruct_from(*readings)


def test_a_tank_before_and_after_is_compared_with_what_was_dosed() -> None:
    readings = [
        make_level(-500, "T-9", 5000.0),
        *normal_batch(),
        make_level(61.1, "T-9", 4959.9),
        make_level(122.1, "T-12", 300.0),
    ]
    (batch,) = reconstruct_from(*readings)
    t12, t9 = batch.stock
    assert (t9.before_g, t9.after_g, t9.taken_g, t9.lost_g) == (5000.0, 4959.9, 40.1, 0.0)
    assert (t12.chemical, t12.before_g, t12.lost_g) == ("T-12", None, None)


def test_what_was_dosed_between_two_levels_is_counted_whichever_batch_it_was_in() -> None:
    readings = [
        make_level(-5, "T-9", 5000.0),
        *normal_batch(),
        *normal_batch(300),
        make_level(361.1, "T-9", 4919.8),
    ]
    assert [change.lost_g for batch in reconstruct_from(*readings) for change in batch.stock] == [0.0]


def test_levels_out_of_a_backlog_prove_nothing() -> None:
    late = make_level(61.1, "T-9", 100.0, quality=TimeQuality.BACKLOG)
    assert reconstruct_from(*normal_batch(), late)[0].stock == ()


def simulate_readings(seed: int, *, rate: float, count: int = 400) -> list[Reading]:
    intake = new_intake()
    units = [
        parse_received(intake, message)
        for message in take_live(count, seed=seed, rate=rate, faults=frozenset(Fault))
    ]
    return [unit for unit in units if not isinstance(unit, Rejection)]


@given(st.integers(0, 10_000), st.sampled_from([0.2, 2.0, 30.0]), st.randoms(use_true_random=False))
@settings(max_examples=settings().max_examples // 4)
def test_any_order_of_delivery_gives_identical_records(seed: int, rate: float, random: Random) -> None:
    readings = simulate_readings(seed, rate=rate)
    mixed = [*readings, *random.sample(readings, 40)]
    random.shuffle(mixed)
    assert reconstruct_batches(mixed, now=MUCH_LATER) == reconstruct_batches(readings, now=MUCH_LATER)


moments = st.integers(0, 40).map(lambda n: n * 7.0)
messages = st.one_of(
    st.builds(
        make_event,
        moments,
        st.sampled_from(["start", "complete", "abort", "pause", "prime", "odd"]),
        st.sampled_from(["CU-85", "FG-85/95", ""]),
        pumps=st.sampled_from([2, None]),
        dedup=st.integers(0, 2),
    ),
    st.builds(
        make_dose,
        moments,
        st.sampled_from(["T-9", "T-12"]),
        recipe=st.sampled_from(["CU-85", "FG-85/95", ""]),
        duration_s=st.sampled_from([0.0, 58.0, 500.0]),
        dedup=st.integers(0, 2),
    ),
    st.builds(make_level, moments, st.sampled_from(["T-9", "T-12"]), st.floats(0, 9000)),
)


@given(
    st.lists(messages, max_size=30, unique_by=lambda m: (type(m), m.time, getattr(m, "pump", 0), m.dedup)),
    st.randoms(use_true_random=False),
)
def test_every_message_is_in_one_batch_at_most_and_order_does_not_matter(
    readings: list[Reading], random: Random
) -> None:
    found = reconstruct_batches(readings, now=seconds_after(200))
    names = [name for batch in found for name in batch.iter_identities()]
    assert len(names) == len(set(names))
    doses = [reading for reading in readings if isinstance(reading, Dose)]
    assert sum(len(batch.doses) for batch in found) == len(doses)
    assert len({batch.key for batch in found}) == len(found)
    shuffled = list(readings)
    random.shuffle(shuffled)
    again = reconstruct_batches(shuffled, now=seconds_after(200))
    assert [batch_to_record(batch) for batch in again] == [batch_to_record(batch) for batch in found]
