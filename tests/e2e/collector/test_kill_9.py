"""Nothing lost, nothing stored twice, whatever is killed."""

import random
import re
import threading
import time
from itertools import count, islice
from pathlib import Path
from signal import SIGKILL

import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from tests.support.collector.crash_points import POINTS
from tests.support.collector.numbered_messages import (
    NUMBERS,
    CollectorProcess,
    Numbered,
    plant_settings,
    publish_numbered,
    run_collector,
    stored_numbers,
)
from tests.support.database.kept_session import CountingSession
from tests.support.polling import wait_until
from tests.support.sizes import choose_size

COUNT = int(choose_size("MESSAGES", small=1_500, full=20_000))
KILLS = 4
COUNTED = f"SELECT count(*) FROM ({NUMBERS}) AS numbers"
PART = 100
"""Messages published at once, before the collector is to die."""


def wait_for(looks: CountingSession, count: int) -> None:
    wait_until(lambda: looks.count_rows(COUNTED) >= count, timeout=120)


def test_four_kills_of_the_collector_and_one_of_the_database_lose_and_double_nothing(
    mosquitto: EmbeddedBroker, empty_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    settings = plant_settings(mosquitto.settings, empty_postgres.dsn, tmp_path)
    now, chance = int(time.time()), random.Random(7)
    with run_collector(settings, tmp_path) as collector, CountingSession(empty_postgres.dsn) as looks:
        wait_until(lambda: "The broker is connected." in collector.log)
        for kill in range(KILLS):
            part = range(kill * COUNT // KILLS, (kill + 1) * COUNT // KILLS)
            publishing = start_publishing(mosquitto, [Numbered(number, now) for number in part])
            wait_for(looks, looks.count_rows(COUNTED) + len(part) // 3)
            if kill == 2:
                empty_postgres.kill()
            time.sleep(chance.uniform(0, 0.05))  # at any moment of its work
            collector.kill()
            publishing.join()
            collector.start()
            if kill == 2:
                wait_until(lambda: "database factory_metrics" in collector.log.rpartition("Site plant1")[2])
                empty_postgres.restart()
        wait_for(looks, COUNT)
        wait_until(lambda: collector.log.count("The broker is connected.") == KILLS + 1)
        assert collector.end_gracefully() == 0
    assert_each_once(empty_postgres.dsn, COUNT)
    assert_balanced(collector, stored=COUNT)


def start_publishing(broker: EmbeddedBroker, messages: list[Numbered]) -> threading.Thread:
    """The plant speaks for about a quarter of a second; longer, the more there is to say."""
    thread = threading.Thread(
        target=publish_numbered, args=(broker.settings, messages), kwargs={"per_s": COUNT}
    )
    thread.start()
    return thread


@pytest.mark.parametrize("nth", [1, 3])
def test_deaths_at_every_point_of_the_work_lose_and_double_nothing(
    settings: Settings, tmp_path: Path, nth: int
) -> None:
    """Each collector goes on where the one before has died, and dies at the next point."""
    numbers, now, looks = count(), int(time.time()), CountingSession(settings.database.dsn)
    for point in POINTS:
        program = ("tests.support.collector.crash_points", point, str(nth))
        with run_collector(settings, tmp_path, program=program) as collector:
            wait_until(lambda: collector.dead or "The broker is connected." in collector.log)
            for _ in range(nth + 1):
                if not collector.dead:
                    # the first is a level without a time: its identity is the hardest to keep
                    part = [Numbered(number, now) for number in islice(numbers, PART)]
                    publish_numbered(settings.mqtt, part[::-1])
                    upto = part[-1].number + 1
                    wait_until(lambda: collector.dead or looks.count_rows(COUNTED) >= upto)  # noqa: B023  # called at once
            assert collector.wait_for_exit() == -SIGKILL, point
    published = next(numbers)
    with run_collector(settings, tmp_path) as collector, looks:
        wait_for(looks, published)
        wait_until(lambda: "The broker is connected." in collector.log)
        assert collector.end_gracefully() == 0
    assert_each_once(settings.database.dsn, published)
    assert_balanced(collector, stored=published)


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
