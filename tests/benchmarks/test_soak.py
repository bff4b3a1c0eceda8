"""Whether the processes of a plant grow: an hour of a thousand messages a second, then a week of a plant.

Prints memory and open files of each process of collector, console, broker and database over the time, and how
fast its memory grew at last. ``--full-size`` measures for an hour and replays seven days;
``BENCHMARK_SOAK_S``, ``_RATE`` and ``_DAYS`` change the size, 0 days leave the week out.
"""

import os
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from dosing_tui.collector.context.local_state import get_spool_folder
from dosing_tui.config.settings import Settings
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.mqtt.publisher import Publisher
from dosing_tui.simulator.plant import SimulatedPlant
from tests.support import tmux_terminal
from tests.support.collector.numbered_messages import plant_settings, run_collector
from tests.support.os_processes import list_children, read_memory
from tests.support.polling import wait_until, wait_while_rising
from tests.support.sizes import choose_size

pytestmark = pytest.mark.benchmark

SECONDS = choose_size("SOAK_S", small=10, full=3600)
RATE = int(choose_size("SOAK_RATE", small=1000, full=1000))
DAYS = choose_size("SOAK_DAYS", small=0.1, full=7)
STATIONS = 20
SAMPLE_S = min(30.0, SECONDS / 10)
QUIET_S = 60.0
"""Nothing more comes when nothing was stored for so long."""
STORED = "SELECT coalesce(sum(stored + duplicates), 0)::bigint FROM spool_progress"


@dataclass(frozen=True, slots=True)
class Sample:
    """Of a process, or of several; ``files``: open file descriptors."""

    minute: float
    pss_mb: float
    rss_mb: float
    files: int


@dataclass
class Watch:
    """Samples of named processes, taken by a thread."""

    pids: dict[str, int]
    file: Path
    """Gets each sample at once: of a run that was broken off, too."""
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @contextmanager
    def run(self) -> Iterator[None]:
        ended = Event()

        def sample_on() -> None:
            while not ended.wait(SAMPLE_S):
                self.take_samples()

        thread = Thread(target=sample_on, daemon=True)
        thread.start()
        try:
            yield
        finally:
            ended.set()
            thread.join()
            self.take_samples()

    def take_samples(self) -> None:
        minute = (time.monotonic() - self.began) / 60
        for name, root in self.pids.items():
            found = [
                (name if pid == root else f"{name}: {title} {pid}", _sample_process(pid, minute))
                for pid in (root, *list_children(root))
                if (title := _describe_process(pid))
            ]
            self._add_samples([*found, (f"{name}, in all", _add_up(minute, [one for _, one in found]))])

    def _add_samples(self, found: list[tuple[str, Sample]]) -> None:
        with self.file.open("a") as file:
            for title, one in found:
                self.samples.setdefault(title, []).append(one)
                file.write(f"{one.minute:.1f},{title},{one.pss_mb:.1f},{one.rss_mb:.1f},{one.files}\n")


def _describe_process(pid: int) -> str:
    """The module that it runs, or the beginning of what PostgreSQL calls itself; '' of one that has ended."""
    with suppress(OSError):
        words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
        return words[words.index("-m") + 1] if "-m" in words else " ".join(words).strip()[:24]
    return ""


def _sample_process(pid: int, minute: float) -> Sample:
    memory, files = read_memory(pid), 0
    with suppress(OSError):  # it has just ended
        files = len(os.listdir(f"/proc/{pid}/fd"))
    return Sample(minute, memory.pss_mb, memory.rss_mb, files)


def _add_up(minute: float, samples: list[Sample]) -> Sample:
    return Sample(
        minute,
        sum(one.pss_mb for one in samples),
        sum(one.rss_mb for one in samples),
        sum(one.files for one in samples),
    )


def test_memory_and_open_files_stay_flat(
    mosquitto: EmbeddedBroker,
    own_postgres: EmbeddedPostgres,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    settings = plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path)
    migrate_schema(settings, report=lambda sentence: None)
    environment = {
        "DOSING_MQTT_HOST": settings.mqtt.host,
        "DOSING_MQTT_PORT": str(settings.mqtt.port),
        "DOSING_DATABASE_DSN": settings.database.dsn,
        "DOSING_COLLECTOR_MODE": "never",
        "DOSING_LOG_FILE": str(tmp_path / "console.log"),
    }
    with (
        run_collector(settings, tmp_path) as collector,
        tmux_terminal.run_program(tmp_path, env=environment) as console,
    ):
        wait_until(lambda: "The broker is connected." in collector.log)
        console.wait_for_text("● DB")
        assert mosquitto.pid
        assert own_postgres.pid
        pids = {
            "collector": collector.process.pid,
            "console": console.get_pid(),
            "broker": mosquitto.pid,
            "database": own_postgres.pid,
        }
        lines, missing, file = [], 0, tmp_path / "samples.csv"
        for title, publish in (
            (f"{SECONDS / 60:.1f} min at {RATE:,} messages/s", publish_steadily),
            *([(f"{DAYS:g} days of {STATIONS} stations", replay_plant)] if DAYS else []),
        ):
            before = count_stored(own_postgres.dsn)
            watch = Watch(pids, file)
            with watch.run():
                count = publish(settings)
                goal, count_now = before + count, partial(count_stored, own_postgres.dsn)
                stored = wait_while_rising(count_now, goal, quiet_s=QUIET_S, every=0.5) - before
            took_s = time.monotonic() - watch.began
            lines.append(f"{title}: {count:,} published, {stored:,} stored, {stored / took_s:,.0f}/s")
            lines.extend(describe_samples(watch))
            missing += count - stored
        assert collector.end_gracefully() == 0
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + f"\nEvery sample: {file}\n")
    dropped = count_dropped(get_spool_folder(settings))
    assert (missing, dropped) == (0, 0), (
        "the broker drops what its full queue cannot hold: ask for a lower rate"
    )


def publish_steadily(settings: Settings) -> int:
    command = (
        sys.executable, "-m", "tests.benchmarks.load", settings.mqtt.host, str(settings.mqtt.port),
        str(RATE), str(SECONDS), str(STATIONS),
    )  # fmt: skip
    return int(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def replay_plant(settings: Settings) -> int:
    """The messages of the last days, in the plant's order, as fast as ``RATE``; how many."""
    since, until = datetime.now(UTC) - timedelta(days=DAYS), datetime.now(UTC)
    plant = SimulatedPlant(1, STATIONS, since=since, mqtt=settings.mqtt)
    publisher, count, began = Publisher(settings.mqtt, client_id="replay"), 0, time.monotonic()
    publisher.start()
    for message in plant.generate_live(since):
        if message.at > until:
            break
        assert publisher.publish_message(message.topic, message.payload, 1)
        count += 1
        if count % 50 == 0:
            time.sleep(max(0.0, began + count / RATE - time.monotonic()))
    assert publisher.wait_for_publish(60)
    publisher.stop()
    return count


def count_stored(dsn: str) -> int:
    with psycopg.connect(dsn) as session:
        ((count,),) = session.execute(STORED)
        return int(count)


def count_dropped(spool: Path) -> int:
    """What the broker dropped because its queue was full, as it told the collector."""
    with closing(sqlite3.connect(spool / "spool.sqlite")) as books:
        ((count,),) = books.execute("SELECT coalesce(broker_dropped, 0) FROM books")
        return int(count)


def describe_samples(watch: Watch) -> Iterator[str]:
    """Of the processes that were there at the end, and for half of the time at least."""
    yield f"{'':46}{'minute':>7} {'PSS MB':>8} {'RSS MB':>8} {'files':>6}   {'MB an hour':>10}"
    whole = watch.samples["collector"]
    for name, samples in watch.samples.items():
        if len(samples) < len(whole) / 2 or samples[-1].minute < whole[-1].minute:
            continue
        for number in range(5):
            one = samples[round(number * (len(samples) - 1) / 4)]
            slope = f"   {measure_slope(samples):+10.1f}" if number == 4 else ""
            yield (
                f"{name if number == 0 else '':46}{one.minute:7.1f} {one.pss_mb:8.1f} {one.rss_mb:8.1f}"
                f" {one.files:6}{slope}"
            )


def measure_slope(samples: list[Sample]) -> float:
    """How fast PSS grew in the second half, in MB an hour: the straight line with the least squares."""
    half = samples[len(samples) // 2 :]
    minutes = [one.minute for one in half]
    if len(set(minutes)) < 2:
        return 0.0
    return 60 * statistics.linear_regression(minutes, [one.pss_mb for one in half]).slope
