"""The days before the demo: in order, in working hours, stored as live messages are."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import psycopg

from dosing_tui.config.settings import DatabaseSettings, PlantSettings, Settings
from dosing_tui.demo import seed_history
from dosing_tui.simulator.plant import PlantMessage, SimulatedPlant
from dosing_tui.simulator.shift_pattern import find_next_working_time

BERLIN = ZoneInfo("Europe/Berlin")
UNTIL = datetime(2026, 3, 30, 14, 2, 33, tzinfo=UTC)
SINCE = UNTIL - seed_history.HISTORY_SPAN
"""The clocks went forward between the two."""


def generate_history(rate: float = 0.05, *, since: datetime = SINCE, seed: int = 1) -> list[PlantMessage]:
    plant = SimulatedPlant(seed, 2, since=since)
    return list(
        seed_history.generate_messages(plant, seed=seed, since=since, until=UNTIL, zone=BERLIN, rate=rate)
    )


def make_settings(dsn: str) -> Settings:
    return Settings(plant=PlantSettings(timezone="Europe/Berlin"), database=DatabaseSettings(dsn=dsn))


def store_history(dsn: str, messages: Iterator[PlantMessage]) -> int:
    return seed_history.store_messages(make_settings(dsn), messages)


def test_it_is_told_in_order_and_between_the_two_moments() -> None:
    moments = [message.at for message in generate_history()]
    assert moments == sorted(moments)
    assert moments[0] >= SINCE
    assert moments[-1] < UNTIL


def test_nobody_works_in_breaks_and_at_night() -> None:
    idle = [
        each.at
        for each in generate_history()
        if find_next_working_time(each.at.timestamp(), BERLIN) != each.at.timestamp()
    ]
    assert idle == []


def test_it_is_as_dense_as_the_live_plant_up_to_what_can_be_written_in_seconds() -> None:
    assert 2 < len(generate_history(0.1)) / len(generate_history(0.04)) < 3
    assert len(generate_history(100)) == len(generate_history(seed_history.MAX_RATE))


def test_the_same_seed_has_the_same_past() -> None:
    assert generate_history() == generate_history()
    assert generate_history() != generate_history(seed=2)


def test_every_message_is_stored_and_the_rollups_agree(migrated: str) -> None:
    messages = generate_history(0.02)
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
    messages = generate_history(0.02)
    store_history(migrated, iter(messages[: len(messages) // 2]))
    since = seed_history.find_gap_start(make_settings(migrated), UNTIL)
    assert since == max(message.at for message in messages[: len(messages) // 2]).replace(
        microsecond=since.microsecond
    )
    assert all(message.at > since for message in generate_history(0.02, since=since))


def test_readings_older_than_three_days_do_not_make_it_longer(migrated: str) -> None:
    old = [replace(message, at=message.at - timedelta(days=9)) for message in generate_history(0.02)[:3]]
    store_history(migrated, iter(old))
    assert seed_history.find_gap_start(make_settings(migrated), UNTIL) == UNTIL - seed_history.HISTORY_SPAN
