"""Processor time that Python takes at the least for what the collector promises. Figures only, shown with -s.

Two messages every 10 ms: waited for, received, flushed to disk, acknowledged, and one statement,
without a parser, rules, counts or checks. What the collector takes above it is its own.
"""

import json
import socket
import sqlite3
import sys
import time
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from queue import SimpleQueue
from threading import Thread

import psycopg
import pytest

from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from tests.support.database_servers import reachable_temp
from tests.support.sizes import choose_size

pytestmark = pytest.mark.benchmark
SECONDS = choose_size("FLOOR_SECONDS", small=2, full=15)
TICK_S, PER_TICK = 0.01, 2
BODY, ACKNOWLEDGEMENT = b"x" * 180, b"ack."
_INSERT = "INSERT INTO floor SELECT value FROM json_array_elements_text(%s::json)"


class BarePipeline:
    """The steps of one chunk, each as short as the libraries allow."""

    def __init__(self, folder: Path, dsn: str) -> None:
        self._folder = folder
        self.spool = self.open_spool()
        self.spool.execute("PRAGMA journal_mode = WAL")
        self.spool.execute("CREATE TABLE spool (seq INTEGER PRIMARY KEY, body BLOB)")
        self.server = psycopg.connect(dsn, autocommit=True)
        self.server.execute("CREATE TABLE floor (body text)")
        self.broker, self.client = socket.socketpair()

    def open_spool(self) -> sqlite3.Connection:
        spool = sqlite3.connect(self._folder / "floor.sqlite", isolation_level=None)
        spool.execute("PRAGMA synchronous = FULL")
        return spool

    def receive(self) -> None:
        self.broker.send(BODY * PER_TICK)
        self.client.recv(65_536)

    def store(self, spool: sqlite3.Connection) -> None:
        spool.execute("BEGIN IMMEDIATE")
        spool.execute("DELETE FROM spool")
        spool.executemany("INSERT INTO spool (body) VALUES (?)", [(BODY,)] * PER_TICK)
        spool.execute("COMMIT")

    def acknowledge(self) -> None:
        self.client.send(ACKNOWLEDGEMENT * PER_TICK)
        self.broker.recv(100)

    def write(self) -> None:
        self.server.execute(_INSERT, [json.dumps([BODY.decode()] * PER_TICK)], prepare=True)

    def close(self) -> None:
        for each in (self.spool, self.server, self.broker, self.client):
            each.close()


def measure_ticks(step: Callable[[], object]) -> float:
    """Microseconds of all threads' processor time a message."""
    count, began, due = 0, time.process_time(), time.monotonic()
    end = due + SECONDS
    while due < end:
        due += TICK_S
        time.sleep(max(0.0, due - time.monotonic()))
        step()
        count += PER_TICK
    return 1e6 * (time.process_time() - began) / count


def measure_in_threads(pipeline: BarePipeline) -> float:
    """One receives, one stores and acknowledges, one writes."""
    received, stored = SimpleQueue[bool](), SimpleQueue[bool]()

    def store_all() -> None:
        with closing(pipeline.open_spool()) as spool:
            while received.get():
                pipeline.store(spool)
                pipeline.acknowledge()
                stored.put(True)
        stored.put(False)

    def write_all() -> None:
        while stored.get():
            pipeline.write()

    def receive() -> None:
        pipeline.receive()
        received.put(True)

    threads = [Thread(target=store_all), Thread(target=write_all)]
    for thread in threads:
        thread.start()
    took = measure_ticks(receive)
    received.put(False)
    for thread in threads:
        thread.join()
    return took


def test_the_least_that_a_message_costs(
    own_postgres: EmbeddedPostgres, capsys: pytest.CaptureFixture[str]
) -> None:
    with reachable_temp(durable=True) as folder, closing(BarePipeline(folder, own_postgres.dsn)) as pipeline:
        steps: list[Callable[[], object]] = []
        figures = {"waiting": measure_ticks(lambda: None)}
        for name, step in (
            ("+ receiving", pipeline.receive),
            ("+ flush to disk", lambda: pipeline.store(pipeline.spool)),
            ("+ acknowledgement", pipeline.acknowledge),
            ("+ statement", pipeline.write),
        ):
            steps.append(step)
            figures[name] = measure_ticks(lambda: [each() for each in steps])
        figures["the same in three threads"] = measure_in_threads(pipeline)
        (count,) = pipeline.server.execute("SELECT count(*) FROM floor").fetchone() or (0,)
    assert count > 0
    with capsys.disabled():
        lines = ["\n  µs a message", *(f"{name:28}{took:8.0f}" for name, took in figures.items())]
        sys.stdout.write("\n  ".join(lines) + "\n")
