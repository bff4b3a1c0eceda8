"""The days before the demo: in order, in working hours, stored as live messages are."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import psycopg
import pytest
from msgspec.structs import replace

from dosing_tui.cli.main import demo
from dosing_tui.config.settings import DatabaseSettings, PlantSettings, Settings
from dosing_tui.demo import seed_history
from dosing_tui.simulator.plant import PlantMessage, SimulatedPlant
from dosing_tui.simulator.shift_pattern import find_next_working_time
from tests.support.simulator.simulated_plants import DOSES, by_device, decode_fields

BERLIN = ZoneInfo("Europe/Berlin")
UNTIL = datetime(2026, 3, 30, 14, 2, 33, tzinfo=UTC)
SINCE = UNTIL - seed_history.HISTORY_SPAN
"""The clocks went forward between the two."""


def generate_history(
    *, since: datetime = SINCE, until: datetime = UNTIL, seed: int = 1, devices: int = 1
) -> list[PlantMessage]:
    plant = SimulatedPlant(seed, devices, since=since)
    return list(seed_history.generate_messages(plant, since=since, until=until, zone=BERLIN))


def make_settings(dsn: str) -> Settings:
    return Settings(plant=PlantSettings(timezone="Europe/Berlin"), database=DatabaseSettings(dsn=dsn))


def store_history(dsn: str, messages: Iterator[PlantMessage]) -> int:
    return seed_history.store_messages(make_settings(dsn), messages)


def test_it_is_told_in_order_and_between_the_two_moments() -> None:
    moments = [message.at for message in generate_history()]
    assert moments == sorted(moments)
    assert moments[0] >= SINCE
    assert moments[-1] < UNTIL


def test_nobody_starts_a_batch_in_breaks_and_at_night_until_the_demo_begins() -> None:
    starts = [each.at for each in generate_history() if b'"start"' in each.payload]
    idle = [at for at in starts if find_next_working_time(at.timestamp(), BERLIN) != at.timestamp()]
    assert idle == []
    at_night = datetime(2026, 3, 30, 1, 0, tzinfo=UTC)
    late = [each.at for each in generate_history(until=at_night, since=at_night - timedelta(days=1))]
    night_work = [at for at in late if at >= at_night - timedelta(hours=1)]
    assert night_work[0] >= at_night - seed_history.WARM_UP


@pytest.mark.parametrize("until", [UNTIL, datetime(2026, 3, 30, 1, 0, tzinfo=UTC)])
def test_the_demo_begins_in_the_middle_of_batches_at_the_pace_of_real_pumps(until: datetime) -> None:
    """A dose every few seconds, and none that took longer than the time since the message before it."""
    since, devices = until - timedelta(hours=1), get_demo_devices()
    plant = SimulatedPlant(1, devices, since=since)
    past = list(seed_history.generate_messages(plant, since=since, until=until, zone=BERLIN))
    start = until + timedelta(seconds=4)
    live = list(islice(plant.generate_live(start), 300))
    assert live[0].at - start < timedelta(seconds=20)
    doses = [message for message in live if message.topic == DOSES]
    assert (live[-1].at - start) / len(doses) < timedelta(seconds=10)
    in_batch = 0
    for messages in by_device([*past, *live]).values():
        before = [message for message in messages if message.at < until]
        in_batch += bool(before) and b'"complete"' not in before[-1].payload
        for earlier, dose in pairwise(messages):
            if dose.topic == DOSES:
                waited_ms = (dose.at - earlier.at) / timedelta(milliseconds=1)
                assert decode_fields(dose)["duration_ms"] <= waited_ms
    assert in_batch > devices / 2


def get_demo_devices() -> int:
    (option,) = [each for each in demo.params if each.name == "devices"]
    assert isinstance(option.default, int)
    return option.default


def test_the_same_seed_has_the_same_past() -> None:
    assert generate_history() == generate_history()
    assert generate_history() != generate_history(seed=2)


def test_every_message_is_stored_and_the_rollups_agree(migrated: str) -> None:
    messages = generate_history()
    assert store_history(migrated, iter(messages)) == len(messages)
    with psycopg.connect(migrated) as connection:
        rows = connection.execute(
            "SELECT (SELECT count(*) FROM dosing_consumption) + (SELECT count(*) FROM batch_events)"
            "     + (SELECT count(*) FROM inventory_levels), (SELECT count(*) FROM rejected_messages)"
        ).fetchone()
    assert rows == (len(messages), 0)


def test_without_readings_three_days_are_missing(migrated: str) -> None:
    assert seed_history.find_gap_start(make_settings(migrated), UNTIL) == UNTIL - seed_history.HISTORY_SPAN


def test_with_readings_only_what_came_after_them_is_missing(migrated: str) -> None:
    messages = generate_history()
    store_history(migrated, iter(messages[: len(messages) // 2]))
    since = seed_history.find_gap_start(make_settings(migrated), UNTIL)
    assert since == max(message.at for message in messages[: len(messages) // 2]).replace(
        microsecond=since.microsecond
    )
    assert all(message.at > since for message in generate_history(since=since))


def test_a_demo_that_is_started_again_goes_on_with_the_stored_levels(migrated: str) -> None:
    store_history(migrated, iter(generate_history(devices=2)))
    stored = seed_history.read_levels(make_settings(migrated))
    assert len(stored) == 8
    plant = SimulatedPlant(99, 2, since=UNTIL)
    plant.set_levels(dict.fromkeys(stored, 8000.0))
    first: dict[tuple[str, str], float] = {}
    for message in plant.generate_live(UNTIL, until=UNTIL + timedelta(hours=2)):
        fields = decode_fields(message)
        if "remaining_g" in fields:
            first.setdefault((fields["device_id"], fields["chemical"]), fields["remaining_g"])
    assert first.keys() <= stored.keys()
    assert len(first) >= 4
    assert all(7_900 < level < 8_000 for level in first.values())


def test_readings_older_than_three_days_do_not_make_it_longer(migrated: str) -> None:
    old = [replace(message, at=message.at - timedelta(days=9)) for message in generate_history()[:3]]
    store_history(migrated, iter(old))
    assert seed_history.find_gap_start(make_settings(migrated), UNTIL) == UNTIL - seed_history.HISTORY_SPAN
