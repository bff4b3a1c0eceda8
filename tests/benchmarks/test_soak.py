"""Whether the processes of a plant grow: an hour of a thousand messages a second, then a week of a plant.

Prints memory and open files of each process of collector, console, broker and database over the time, and how
fast its memory grew at last. ``--full-size`` measures for an hour and replays seven days;
``BENCHMARK_SOAK_S``, ``_RATE`` and ``_DAYS`` change the size, 0 days leave the week out.
"""

import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Event, Thread

import psycopg
import pytest

from dosing_tui.config.settings import Settings
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.mqtt.publisher import Publisher
from dosing_tui.simulator.plant import SimulatedPlant
from tests.support import tmux_terminal
from tests.support.collector.numbered_messages import plant_settings, run_collector
from tests.support.polling import wait_until
from tests.support.sizes import choose_size

pytestmark = pytest.mark.benchmark

SECONDS = choose_size("SOAK_S", small=10, full=3600)
RATE = int(choose_size("SOAK_RATE", small=1000, full=1000))
DAYS = choose_size("SOAK_DAYS", small=0.1, full=7)
STATIONS = 20
SAMPLES = 60
"""Of each half."""
KIB_PER_MIB = 1024
QUIET_S = 60.0
"""Nothing more comes when nothing was stored for so long."""
STORED = "SELECT coalesce(sum(stored + duplicates), 0)::bigint FROM spool_progress"


@dataclass(frozen=True, slots=True)
class Sample:
    """Of a process. ``pss_mb``: with its share of what it shares; ``rss_mb``: with all of it."""

    minute: float
    pss_mb: float
    rss_mb: float
    files: int


@dataclass
class Watch:
    """Samples of named processes, taken by a thread."""

    pids: dict[str, int]
    every_s: float
    samples: dict[str, list[Sample]] = field(default_factory=dict)
    began: float = field(default_factory=time.monotonic)

    @contextmanager
    def run(self) -> Iterator[None]:
        ended = Event()

        def sample_on() -> None:
            while not ended.wait(self.every_s):
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
            for pid in _list_tree(root):
                with suppress(OSError):  # it has just ended
                    title = name if pid == root else f"{name}: {_describe_process(pid)}"
                    self.samples.setdefault(title, []).append(_sample_process(pid, minute))


def _describe_process(pid: int) -> str:
    """The module that it runs, or the end of what PostgreSQL calls itself."""
    words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
    return words[words.index("-m") + 1] if "-m" in words else " ".join(words).strip()[:24]


def _sample_process(pid: int, minute: float) -> Sample:
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()[1:]
    sizes = {name: int(rest.split()[0]) for name, rest in (line.split(":", 1) for line in lines)}
    files = len(os.listdir(f"/proc/{pid}/fd"))
    return Sample(minute, sizes["Pss"] / KIB_PER_MIB, sizes["Rss"] / KIB_PER_MIB, files)


def _list_tree(pid: int) -> Iterator[int]:
    yield pid
    with suppress(OSError):
        for task in Path(f"/proc/{pid}/task").iterdir():
            for child in (task / "children").read_text().split():
                yield from _list_tree(int(child))


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
        lines, missing = [], 0
        for title, publish in (
            (f"{SECONDS / 60:.1f} min at {RATE:,} messages/s", publish_steadily),
            *([(f"{DAYS:g} days of {STATIONS} stations", replay_plant)] if DAYS else []),
        ):
            before = count_stored(own_postgres.dsn)
            watch = Watch(pids, max(SECONDS / SAMPLES, 1.0))
            with watch.run():
                count = publish(settings)
                stored = wait_for_stored(own_postgres.dsn, before + count) - before
            took_s = time.monotonic() - watch.began
            lines.append(f"{title}: {count:,} published, {stored:,} stored, {stored / took_s:,.0f}/s")
            lines.extend(describe_samples(watch))
            missing += count - stored
        assert collector.end_gracefully() == 0
    with capsys.disabled():
        sys.stdout.write("\n" + "\n".join(lines) + "\n")
    assert not missing


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


def wait_for_stored(dsn: str, count: int) -> int:
    """Until so many are stored, or nothing more comes; how many are."""
    stored, changed_at = -1, time.monotonic()
    while (now_stored := count_stored(dsn)) < count and time.monotonic() - changed_at < QUIET_S:
        if now_stored != stored:
            stored, changed_at = now_stored, time.monotonic()
        time.sleep(0.5)
    return now_stored


def count_stored(dsn: str) -> int:
    with psycopg.connect(dsn) as session:
        ((count,),) = session.execute(STORED)
        return int(count)


def describe_samples(watch: Watch) -> Iterator[str]:
    yield f"{'':42}{'minute':>7} {'PSS MB':>8} {'RSS MB':>8} {'files':>6}   {'MB an hour':>10}"
    for name, samples in watch.samples.items():
        for number in range(5):
            one = samples[round(number * (len(samples) - 1) / 4)]
            slope = f"   {measure_slope(samples):+10.1f}" if number == 4 else ""
            yield (
                f"{name if number == 0 else '':42}{one.minute:7.1f} {one.pss_mb:8.1f} {one.rss_mb:8.1f}"
                f" {one.files:6}{slope}"
            )


def measure_slope(samples: list[Sample]) -> float:
    """How fast PSS grew in the second half, in MB an hour: the straight line with the least squares."""
    half = samples[len(samples) // 2 :]
    minutes = [one.minute for one in half]
    if len(set(minutes)) < 2:
        return 0.0
    return 60 * statistics.linear_regression(minutes, [one.pss_mb for one in half]).slope
