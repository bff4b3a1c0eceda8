"""Nothing lost, nothing stored twice, whatever is killed."""

import random
import re
import threading
import time
from pathlib import Path

import psycopg

from dosing_tui.demo.brokers import RunningBroker
from dosing_tui.demo.postgres import EmbeddedPostgres
from tests.collector.plant import (
    CollectorProcess,
    Numbered,
    collecting,
    plant_settings,
    publish,
    stored_numbers,
)
from tests.servers import SOAK
from tests.waiting import until

COUNT = 20_000 if SOAK else 3_000
KILLS = 4


def rows(dsn: str) -> int:
    """How many readings are stored; 0 while there is no database or no table."""
    try:
        return stored_numbers(dsn).total()
    except psycopg.Error:
        return 0


def wait_for(dsn: str, count: int) -> None:
    until(lambda: rows(dsn) >= count, timeout=120)


def test_four_kills_of_the_collector_and_one_of_the_database_lose_and_double_nothing(
    mosquitto: RunningBroker, own_postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    settings = plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path)
    now = int(time.time())
    messages = [Numbered(number, now) for number in range(COUNT)]
    chance = random.Random(7)
    with collecting(settings, tmp_path) as collector:
        until(lambda: "The broker is connected." in collector.log)
        for kill in range(KILLS):
            part = messages[kill * COUNT // KILLS : (kill + 1) * COUNT // KILLS]
            publishing = threading.Thread(
                target=publish, args=(mosquitto.settings, part), kwargs={"per_s": COUNT}
            )
            publishing.start()
            wait_for(own_postgres.dsn, rows(own_postgres.dsn) + len(part) // 3)
            if kill == 2:
                own_postgres.kill()
            time.sleep(chance.uniform(0, 0.05))  # at any moment of its work
            collector.kill()
            publishing.join()
            collector.start()
            if kill == 2:
                until(lambda: collector.log.count("cannot be reached") or "database" in collector.log)
                own_postgres.restart()
        wait_for(own_postgres.dsn, COUNT)
        assert collector.end() == 0
    stored = stored_numbers(own_postgres.dsn)
    assert [number for number in range(COUNT) if number not in stored] == []
    assert [number for number, times in stored.items() if times > 1] == []
    assert_balanced(collector, stored=COUNT)


def assert_balanced(collector: CollectorProcess, *, stored: int) -> None:
    last = collector.said[-1]
    found = re.fullmatch(
        r"Books: received (\S+) = stored (\S+) \+ duplicates (\S+) \+ spooled (\S+) \+ rejected (\S+)\.", last
    )
    assert found, collector.log
    received, kept, duplicates, spooled, rejected = (int(text.replace(",", "")) for text in found.groups())
    assert (kept, spooled, rejected) == (stored, 0, 0)
    assert received == kept + duplicates
