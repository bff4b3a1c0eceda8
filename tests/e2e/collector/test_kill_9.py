"""Nothing lost, nothing stored twice, whatever is killed."""

import random
import re
import threading
import time
from pathlib import Path
from signal import SIGKILL

import psycopg
import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from tests.support.collector.crash_points import POINTS
from tests.support.collector.numbered_messages import (
    CollectorProcess,
    Numbered,
    plant_settings,
    publish_numbered,
    run_collector,
    stored_numbers,
)
from tests.support.polling import wait_until
from tests.support.sizes import choose_size

COUNT = int(choose_size("MESSAGES", small=3_000, full=20_000))
KILLS = 4


def count_readings(dsn: str) -> int:
    """How many readings are stored; 0 while there is no database or no table."""
    try:
        return stored_numbers(dsn).total()
    except psycopg.Error:
        return 0


def wait_for(dsn: str, count: int) -> None:
    wait_until(lambda: count_readings(dsn) >= count, timeout=120)


def test_four_kills_of_the_collector_and_one_of_the_database_lose_and_double_nothing(
    mosquitto: EmbeddedBroker, own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    settings = plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path)
    now, chance = int(time.time()), random.Random(7)
    with run_collector(settings, tmp_path) as collector:
        wait_until(lambda: "The broker is connected." in collector.log)
        for kill in range(KILLS):
            part = range(kill * COUNT // KILLS, (kill + 1) * COUNT // KILLS)
            publishing = start_publishing(mosquitto, [Numbered(number, now) for number in part])
            wait_for(own_postgres.dsn, count_readings(own_postgres.dsn) + len(part) // 3)
            if kill == 2:
                own_postgres.kill()
            time.sleep(chance.uniform(0, 0.05))  # at any moment of its work
            collector.kill()
            publishing.join()
            collector.start()
            if kill == 2:
                wait_until(lambda: "database factory_metrics" in collector.log.rpartition("Site plant1")[2])
                own_postgres.restart()
        wait_for(own_postgres.dsn, COUNT)
        wait_until(lambda: collector.log.count("The broker is connected.") == KILLS + 1)
        assert collector.end_gracefully() == 0
    assert_each_once(own_postgres.dsn, COUNT)
    assert_balanced(collector, stored=COUNT)


def start_publishing(broker: EmbeddedBroker, messages: list[Numbered]) -> threading.Thread:
    """The plant speaks for about a quarter of a second; longer, the more there is to say."""
    thread = threading.Thread(
        target=publish_numbered, args=(broker.settings, messages), kwargs={"per_s": COUNT}
    )
    thread.start()
    return thread


@pytest.mark.parametrize("nth", [1, 3])
@pytest.mark.parametrize("point", POINTS)
def test_a_death_at_any_point_of_the_work_loses_and_doubles_nothing(
    settings: Settings, tmp_path: Path, point: str, nth: int
) -> None:
    now = int(time.time())
    with run_collector(
        settings, tmp_path, program=("tests.support.collector.crash_points", point, str(nth))
    ) as collector:
        wait_until(lambda: "The broker is connected." in collector.log)
        for upto in range(100, 500, 100):
            # the first is a level without a time: its identity is the hardest to keep
            publish_numbered(
                settings.mqtt, [Numbered(number, now) for number in reversed(range(upto - 100, upto))]
            )
            wait_until(lambda: collector.dead or count_readings(settings.database.dsn) >= upto)  # noqa: B023  # called at once
        assert collector.wait_for_exit() == -SIGKILL
    with run_collector(settings, tmp_path) as collector:
        wait_for(settings.database.dsn, 400)
        wait_until(lambda: "The broker is connected." in collector.log)
        assert collector.end_gracefully() == 0
    assert_each_once(settings.database.dsn, 400)
    assert_balanced(collector, stored=400)


def assert_each_once(dsn: str, count: int) -> None:
    stored = stored_numbers(dsn)
    assert [number for number in range(count) if number not in stored] == []
    assert [number for number, times in stored.items() if times > 1] == []


def assert_balanced(collector: CollectorProcess, *, stored: int) -> None:
    last = collector.log_lines[-1]
    found = re.fullmatch(
        r"Message counts: received (.+) = stored (.+) \+ duplicates (.+) \+ spooled (.+) \+ rejected (.+)\.",
        last,
    )
    assert found, collector.log
    received, kept, duplicates, spooled, rejected = (int("".join(text.split())) for text in found.groups())
    assert (kept, spooled, rejected) == (stored, 0, 0)
    assert received == kept + duplicates
