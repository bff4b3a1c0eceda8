"""How fast messages get from the broker into the database, and how many a second. Figures, no limits.

--full-size measures for a minute each.
"""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker, find_free_port
from tests.support.collector.numbered_messages import plant_settings, run_collector
from tests.support.database_servers import reachable_temp
from tests.support.polling import wait_until
from tests.support.sizes import choose_size

pytestmark = pytest.mark.benchmark

SECONDS = choose_size("SECONDS", small=4, full=60)
LATENCIES = """
WITH rows AS (
    SELECT xmin, dedup FROM dosing_consumption UNION ALL SELECT xmin, dedup FROM batch_events
), said AS (
    SELECT ((100000 * extract(epoch FROM pg_xact_commit_timestamp(xmin)))::bigint - dedup) % 2147483648
           / 100.0 AS ms
      FROM rows
)
SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY ms), percentile_cont(0.9) WITHIN GROUP (ORDER BY ms),
       percentile_cont(0.99) WITHIN GROUP (ORDER BY ms), max(ms)
  FROM said
"""
BOOKS = "SELECT coalesce(sum(stored), 0)::bigint FROM spool_progress"
TICKS = os.sysconf("SC_CLK_TCK")


@pytest.fixture
def settings(mosquitto: EmbeddedBroker, tmp_path: Path) -> Iterator[Settings]:
    """A database that survives a power cut, as a plant's does, and remembers when each row was committed."""
    durable = {"track_commit_timestamp": "on"}
    with (
        reachable_temp(durable=True) as folder,
        EmbeddedPostgres(folder, port=find_free_port(), settings=durable) as server,
    ):
        yield plant_settings(mosquitto.settings, server.dsn, tmp_path)


@pytest.fixture
def show(capsys: pytest.CaptureFixture[str]) -> Callable[[str], None]:
    def say(figure: str) -> None:
        with capsys.disabled():
            sys.stdout.write(f"\n  {figure}")

    return say


def test_from_published_to_committed(settings: Settings, tmp_path: Path, show: Callable[[str], None]) -> None:
    with (
        run_collector(settings, tmp_path) as collector,
        psycopg.connect(settings.database.dsn, autocommit=True) as db,
    ):
        wait_until(lambda: "The broker is connected." in collector.log)
        said = publish_load(settings, 200, SECONDS)
        wait_until(lambda: count_stored(db) == said)
        show(f"published to committed at 200 messages/s: {read_latencies(db)}")


def test_many_messages_a_second(settings: Settings, tmp_path: Path, show: Callable[[str], None]) -> None:
    per_s = 5_000
    with (
        run_collector(settings, tmp_path) as collector,
        psycopg.connect(settings.database.dsn, autocommit=True) as db,
    ):
        wait_until(lambda: "The broker is connected." in collector.log)
        before = cpu_seconds(collector.process.pid)
        begun = time.monotonic()
        said = publish_load(settings, per_s, SECONDS)
        took, done = time.monotonic() - begun, count_stored(db)
        wait_until(lambda: count_stored(db) == said, timeout=300)
        drained = time.monotonic() - begun
        used = cpu_seconds(collector.process.pid) - before
        show(
            f"{said} messages said in {took:.1f} s ({said / took:.0f}/s), {done} of them stored by then "
            f"({done / took:.0f}/s), all after {drained:.1f} s; the collector used {used:.1f} s of a core; "
            f"published to committed: {read_latencies(db)}"
        )


def publish_load(settings: Settings, per_s: int, seconds: float) -> int:
    """Answers how many messages were said."""
    load = [sys.executable, "-m", "tests.benchmarks.load"]
    told = [settings.mqtt.host, str(settings.mqtt.port), str(per_s), str(seconds)]
    return int(subprocess.run([*load, *told], check=True, capture_output=True, text=True).stdout)


def count_stored(db: psycopg.Connection[tuple[object, ...]]) -> int:
    row = db.execute(BOOKS).fetchone()
    assert row
    assert isinstance(row[0], int)
    return row[0]


def read_latencies(db: psycopg.Connection[tuple[object, ...]]) -> str:
    """Of the doses and events: their sequence number tells when they were said."""
    rows = db.execute(LATENCIES).fetchall()
    median, p90, p99, longest = (float(str(ms)) for ms in rows[0])
    return f"median {median:.0f} ms, p90 {p90:.0f} ms, p99 {p99:.0f} ms, longest {longest:.0f} ms"


def cpu_seconds(pid: int) -> float:
    """What a process has used so far, of all cores."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS
