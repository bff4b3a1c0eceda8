"""What a plant says makes sense: stock, batches, order, time."""

from collections import Counter
from datetime import timedelta
from itertools import islice, pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dosing_tui.config.settings import MqttSettings
from dosing_tui.simulator.plant import PlantMessage, SimulatedPlant
from dosing_tui.simulator.recipes import CAPACITY_G, PUMPS, RECIPES
from tests.support.simulator.simulated_plants import (
    DOSES,
    EVENTS,
    LEVELS,
    NOW,
    by_device,
    decode_fields,
    group_by_tank,
    take_live,
    to_centigrams,
)

SEEDS = st.integers(0, 2**32)
INGREDIENTS = {recipe.name: [name for name, _ in recipe.catalyst_g] for recipe in RECIPES}


@settings(max_examples=settings().max_examples // 3)
@given(SEEDS)
def test_a_level_is_the_one_before_less_the_dose_unless_a_drum_was_opened(seed: int) -> None:
    level: dict[tuple[str, str], int] = {}
    dosed: dict[tuple[str, str], int] = {}
    for tank, message in group_by_tank(take_live(400, seed=seed)):
        said = decode_fields(message)
        if message.topic == DOSES:
            dosed[tank] = to_centigrams(said["actual_g"])
            continue
        remaining = to_centigrams(said["remaining_g"])
        expected = level.get(tank, remaining + dosed[tank]) - dosed.pop(tank)
        refilled = remaining > level.get(tank, remaining)
        assert remaining == expected or (refilled and said["percent_full"] > 88)
        level[tank] = remaining


@given(SEEDS)
def test_an_error_is_actual_less_target_and_a_percentage_that_of_the_capacity(seed: int) -> None:
    for message in take_live(120, seed=seed):
        said = decode_fields(message)
        if message.topic == DOSES:
            assert said["error_g"] == pytest.approx(said["actual_g"] - said["target_g"], abs=0.0151)
            assert said["pump"] == PUMPS[said["chemical"]]
        if message.topic == LEVELS:
            assert said["capacity_g"] == CAPACITY_G[said["chemical"]]
            assert said["percent_full"] == pytest.approx(
                100 * said["remaining_g"] / said["capacity_g"], abs=0.051
            )


def cut_into_batches(messages: list[PlantMessage]) -> list[list[PlantMessage]]:
    """A station's messages cut before every start; the last, which may go on, is left out."""
    starts = [n for n, message in enumerate(messages) if decode_fields(message).get("event") == "start"]
    return [messages[begin:end] for begin, end in pairwise(starts)]


@settings(max_examples=settings().max_examples // 3)
@given(SEEDS)
def test_a_batch_is_start_then_each_dose_with_its_level_then_complete(seed: int) -> None:
    for station in by_device(take_live(400, seed=seed, rate=None)).values():
        for batch in cut_into_batches(station):
            said = [decode_fields(message) for message in batch]
            recipe = said[0]["recipe"]
            doses = [each["chemical"] for each in said if "pump" in each]
            levels = [each["chemical"] for each in said if "remaining_g" in each]
            complete = said[-1].get("event") == "complete"
            topics = [message.topic for message in batch]
            assert topics == [EVENTS] + [DOSES, LEVELS] * len(doses) + [EVENTS] * complete
            assert levels == doses == INGREDIENTS[recipe][: len(doses)]
            assert complete == (len(doses) == 2 == said[0]["pumps"])
            assert {each["recipe"] for each in said if "recipe" in each} == {recipe}


def test_a_station_that_is_asked_for_too_much_doses_on_within_its_batches() -> None:
    station = take_live(3_000, devices=1, rate=500)
    starts = [decode_fields(message)["timestamp"] for message in station if b'"start"' in message.payload]
    assert 5 <= len(starts) == len(set(starts)) <= 7
    assert sum(message.topic == DOSES for message in station) > 1_400


def test_some_batches_are_aborted_some_use_bdo_and_every_recipe_is_made() -> None:
    station = by_device(take_live(6_000, devices=1, rate=3)).popitem()[1]
    made = cut_into_batches(station)
    aborted = sum(decode_fields(batch[-1]).get("event") != "complete" for batch in made)
    assert 0.01 < aborted / len(made) < 0.06
    modes = Counter(decode_fields(message)["mode"] for message in station if message.topic == DOSES)
    assert modes["CATALYST"] > modes["BDO"] > 0
    assert {decode_fields(batch[0])["recipe"] for batch in made} == set(INGREDIENTS)


def test_doses_scatter_about_their_target_with_a_gross_error_now_and_then() -> None:
    errors = [decode_fields(m)["error_g"] for m in take_live(20_000, devices=4) if m.topic == DOSES]
    gross = sum(abs(error) > 1.5 for error in errors) / len(errors)
    small = sum(abs(error) < 0.5 for error in errors) / len(errors)
    assert 0 < gross < 0.05
    assert small > 0.8


def test_one_pump_drifts_and_the_others_do_not() -> None:
    means: dict[tuple[str, int], list[float]] = {}
    for message in take_live(4_000, devices=2, rate=5):
        said = decode_fields(message)
        if said.get("target_g") == 40 and abs(said["error_g"]) < 1.4:
            means.setdefault((said["device_id"], said["pump"]), []).append(said["error_g"])
    moved = {pump: _measure_spread(errors) for pump, errors in means.items() if len(errors) > 80}
    assert max(moved, key=moved.__getitem__) == ("dosing_system_01", 2)
    *others, drifted = sorted(moved.values())
    assert drifted > 0.3 > 0.2 > max(others)


def _measure_spread(errors: list[float]) -> float:
    """How far the mean of 40 doses in a row moves, in g: a tube wears, and is changed again and again."""
    means = [sum(errors[start : start + 40]) / 40 for start in range(0, len(errors) - 39, 20)]
    return max(means) - min(means)


def test_a_tank_runs_low_and_tanks_are_refilled() -> None:
    levels = [decode_fields(message) for message in take_live(9_000, devices=2) if message.topic == LEVELS]
    by_tank: dict[tuple[str, str], list[float]] = {}
    for level in levels:
        by_tank.setdefault((level["device_id"], level["chemical"]), []).append(level["percent_full"])
    assert any(min(percents) < 20 for percents in by_tank.values())
    assert any(after > before for percents in by_tank.values() for before, after in pairwise(percents))
    assert min(min(percents) for percents in by_tank.values()) > 0


@pytest.mark.parametrize("rate", [None, 7.0])
def test_the_same_seed_says_the_same_and_another_something_else(rate: float | None) -> None:
    assert take_live(500, seed=5, rate=rate) == take_live(500, seed=5, rate=rate)
    assert take_live(500, seed=5, rate=rate) != take_live(500, seed=6, rate=rate)


@given(SEEDS, st.sampled_from([None, 3.0, 400.0]), st.sampled_from([1.0, 60.0]))
def test_time_never_goes_back_and_stamps_are_the_clocks_seconds(
    seed: int, rate: float | None, speed: float
) -> None:
    messages = take_live(150, seed=seed, rate=rate, speed=speed)
    assert all(before.at <= after.at for before, after in pairwise(messages))
    for message in messages:
        if message.topic != LEVELS:
            assert decode_fields(message)["timestamp"] == int(message.at.timestamp())


def test_a_rate_is_kept_without_drift() -> None:
    messages = take_live(10_000, rate=250)
    for number in (0, 1, 999, 9_999):
        assert messages[number].at == NOW + timedelta(seconds=number / 250)


def test_speed_shortens_the_time_between_messages_but_not_the_durations_reported() -> None:
    slow, fast = take_live(200, rate=None, speed=1), take_live(200, rate=None, speed=60)
    assert fast[-1].at - NOW == pytest.approx((slow[-1].at - NOW) / 60, abs=timedelta(milliseconds=1))
    durations = [decode_fields(message)["duration_ms"] for message in fast if message.topic == DOSES]
    assert all(50_000 < duration < 75_000 for duration in durations)


def test_a_live_plant_begins_at_once() -> None:
    for station in by_device(take_live(100, rate=None, devices=5)).values():
        assert station[0].at - NOW <= timedelta(seconds=60)


@pytest.mark.parametrize("devices", [1, 2, 10])
def test_no_message_is_like_another_however_dense_they_come(devices: int) -> None:
    messages = take_live(8_000, devices=devices, rate=5_000)
    assert len({(message.topic, message.payload) for message in messages}) == len(messages)


def test_topics_begin_with_the_configured_prefix() -> None:
    plant = SimulatedPlant(1, 1, since=NOW, mqtt=MqttSettings(prefix="works/north"))
    topics = {message.topic for message in islice(plant.generate_live(NOW, rate=1), 6)}
    assert topics == set(MqttSettings(prefix="works/north").topics)
