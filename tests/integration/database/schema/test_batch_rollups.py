"""The sums of batches are what the events say, each end once, whoever tells it and how often."""

import random
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any, LiteralString

import psycopg
import pytest

from tests.integration.database.schema.test_rollups import insert_chunks
from tests.support.database.schema_inspection import fetch_rows, fetch_value
from tests.support.database_servers import Server
from tests.support.polling import wait_until

START = datetime(2026, 10, 24, 22, 0, tzinfo=UTC)
COLUMNS = ("time", "device_id", "event", "recipe", "dedup")
KEPT: LiteralString = "SELECT bucket, device_id, recipe, completed, aborted FROM {} ORDER BY 1, 2, 3"
RECOMPUTED: LiteralString = """
    SELECT to_timestamp(floor(extract(epoch FROM time) / {0}) * {0}), device_id, recipe,
           count(*) FILTER (WHERE event = 'complete'), count(*) FILTER (WHERE event = 'abort')
      FROM (SELECT DISTINCT time, device_id, recipe, event FROM batch_events WHERE event <> 'start') AS told
     GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
"""
END: LiteralString = (
    "INSERT INTO batch_events (time, device_id, event, recipe, dedup) VALUES (%s, 'd', 'complete', 'CU', %s)"
)


def an_event(chance: random.Random) -> tuple[Any, ...]:
    """Few moments, stations and recipes, so that the same end is often told in several forms."""
    return (
        START + timedelta(minutes=chance.randint(0, 90)),
        f"station-{chance.randint(1, 2)}",
        chance.choice(("start", "complete", "abort")),
        chance.choice(("", "CU-80")),
        chance.randint(0, 3),
    )


@pytest.mark.parametrize("seed", range(3))
def test_every_end_is_counted_once_however_often_it_is_told(
    flavour: Server, migrated: str, seed: int
) -> None:
    chance = random.Random(seed)
    drawn = [[an_event(chance) for _ in range(chance.randint(1, 40))] for _ in range(20)]
    insert_chunks(migrated, "batch_events", COLUMNS, drawn + drawn[:7])
    for table, seconds in (("batch_outcomes_15m", "900"), ("batch_outcomes_1h", "3600")):
        assert fetch_rows(migrated, KEPT.format(table)) == fetch_rows(migrated, RECOMPUTED.format(seconds))
    assert fetch_value(migrated, "SELECT sum(completed + aborted) FROM batch_outcomes_1h") < fetch_value(
        migrated, "SELECT count(*) FROM batch_events WHERE event <> 'start'"
    )


def test_two_writers_that_tell_an_end_at_the_same_time_tell_one(flavour: Server, migrated: str) -> None:
    with (
        psycopg.connect(migrated) as one,
        psycopg.connect(migrated) as two,
        ThreadPoolExecutor(1) as pool,
    ):
        one.execute(END, (START, 1))
        other = pool.submit(two.execute, END, (START, 2))
        wait_until(lambda: fetch_value(migrated, "SELECT count(*) FROM pg_locks WHERE NOT granted"))
        one.commit()
        other.result(timeout=60)
    assert fetch_value(migrated, "SELECT count(*) FROM batch_events") == 2
    assert fetch_value(migrated, "SELECT sum(completed) FROM batch_outcomes_15m") == 1
