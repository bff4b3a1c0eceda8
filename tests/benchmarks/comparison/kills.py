"""What is lost and what is stored twice when a part is killed (SIGKILL) while messages flow."""

import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from threading import Thread

import psycopg

from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker, find_free_port
from tests.benchmarks.comparison.consumers import Consumer, ConsumerProcess, run_consumer
from tests.benchmarks.comparison.servers import start_own_broker
from tests.support.collector.numbered_messages import Numbered, publish_numbered, stored_numbers
from tests.support.database_servers import reachable_temp
from tests.support.polling import wait_while_rising

PER_S = 2_000
GIVE_UP_S = 30.0
LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Victims:
    consumer: ConsumerProcess
    broker: EmbeddedBroker
    database: EmbeddedPostgres


def _kill_consumer(parts: Victims) -> None:
    parts.consumer.kill()
    parts.consumer.start()


def _kill_broker(parts: Victims) -> None:
    parts.broker.kill()
    parts.broker.start()


def _kill_database(parts: Victims) -> None:
    parts.database.kill()
    parts.database.restart()


KILLS: dict[str, tuple[int, Callable[[Victims], None]]] = {
    f"consumer at {PER_S:,}/s": (PER_S, _kill_consumer),
    "consumer in a flood": (1_000_000, _kill_consumer),
    f"broker at {PER_S:,}/s": (PER_S, _kill_broker),
    "PostgreSQL in a flood": (1_000_000, _kill_database),
}
"""Messages a second, and what is killed. A broker killed in a flood loses what it acknowledged."""


def measure_kill(consumer: Consumer, kind: str, count: int) -> dict[str, float]:
    """``count`` messages, and a kill when a third of them is stored; servers of its own."""
    per_s, kill = KILLS[kind]
    with ExitStack() as stack:
        broker = stack.enter_context(start_own_broker())
        folder = stack.enter_context(reachable_temp(durable=True))
        database = EmbeddedPostgres(folder / "database", port=find_free_port())
        stack.enter_context(database)
        consumer.schema.create_tables(database.dsn)
        process = consumer.make_process(broker.settings, database.dsn, folder)
        stack.enter_context(run_consumer(process))
        now = int(time.time())
        messages = [Numbered(number, now) for number in range(count)]
        publishing = Thread(
            target=publish_numbered,
            args=(broker.settings, messages),
            kwargs={"per_s": per_s},
            daemon=True,  # a run that fails does not wait for it
        )
        publishing.start()
        _wait_for_numbers(database.dsn, count // 3)
        kill(Victims(process, broker, database))
        publishing.join()
        _wait_for_numbers(database.dsn, count)
        stored = stored_numbers(database.dsn)
        return {"lost": count - len(stored), "stored twice": stored.total() - len(stored)}


def _wait_for_numbers(dsn: str, count: int) -> None:
    wait_while_rising(partial(_count_numbers, dsn), count, quiet_s=GIVE_UP_S, every=LOOK_EVERY_S)


def _count_numbers(dsn: str) -> int:
    """How many different messages are stored; 0 while the database is down."""
    try:
        return len(stored_numbers(dsn))
    except psycopg.Error:
        return 0
