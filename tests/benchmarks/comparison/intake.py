"""From published to committed: a flood, and fixed numbers of messages a second."""

import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass

from dosing_tui.config.settings import MqttSettings
from tests.benchmarks.comparison.consumers import Consumer, run_consumer
from tests.benchmarks.comparison.database_watch import DatabaseWatch
from tests.benchmarks.comparison.process_usage import PeakMemory, ProcessTree
from tests.benchmarks.comparison.servers import PlantServers, start_own_broker
from tests.benchmarks.load import encode_backlog, publish_backlog
from tests.support.database_servers import reachable_temp
from tests.support.polling import wait_while_rising

SETTLE_S, MAX_SETTLE_S = 1.0, 20.0
IDLE_SHARE = 0.05
"""Of a core. A consumer that uses more in SETTLE_S is still starting; what that costs is not counted."""
LOOK_EVERY_S = 0.5
KEY_RESOLUTION_S = 1.0
"""Two events of a station with the same recipe in one second are one event."""
GIVE_UP_S = 30.0
"""Without a new row, what is missing is lost."""


@dataclass(frozen=True, slots=True)
class IntakeRun:
    """Times in seconds, memory in MiB. ``took_s``: from the first message to the last commit."""

    published: int
    stored: int
    took_s: float
    consumer_cpu_s: float
    database_cpu_s: float
    idle_mb: float
    peak_mb: float
    latencies_ms: tuple[float, float] | None
    run_in_published: int = 0
    run_in_cpu_s: float = 0.0
    """Before that; in no other figure."""

    def list_flood_figures(self) -> dict[str, float]:
        return {
            "messages/s until committed": self.stored / self.took_s,
            **self._list_costs(),
            "consumer's PSS idle, MB": self.idle_mb,
            "consumer's PSS peak, MB": self.peak_mb,
            "rows lost": self.published - self.stored,
        }

    def list_rate_figures(self) -> dict[str, float]:
        latencies = self.latencies_ms or ()
        named = zip(("committed after, p50, ms", "committed after, p99, ms"), latencies, strict=False)
        run_in = (
            {"consumer's CPU in the run-in, ms/message": 1000 * self.run_in_cpu_s / self.run_in_published}
            if self.run_in_published
            else {}
        )
        return {**dict(named), **run_in, **self._list_costs(), "rows lost": self.published - self.stored}

    def _list_costs(self) -> dict[str, float]:
        costs = {"consumer's CPU, ms/message": self.consumer_cpu_s}
        if self.database_cpu_s:
            costs["PostgreSQL's CPU, ms/message"] = self.database_cpu_s
        return {name: 1000 * seconds / self.published for name, seconds in costs.items()}


def measure_flood(servers: PlantServers, consumer: Consumer, count: int) -> IntakeRun:
    packets = encode_backlog(count)
    return _measure_run(servers, consumer, lambda mqtt: publish_backlog(mqtt.host, mqtt.port, packets))


def measure_rate(
    servers: PlantServers, consumer: Consumer, per_s: int, seconds: float, *, run_in_s: float
) -> IntakeRun:
    """``run_in_s``: the same rate for this time before, as a consumer starts and plans things once."""
    return _measure_run(
        servers,
        consumer,
        lambda mqtt: run_load(mqtt, per_s, seconds),
        run_in=lambda mqtt: _run_in(mqtt, per_s, run_in_s),
    )


def _run_in(mqtt: MqttSettings, per_s: int, seconds: float) -> int:
    """Nothing follows in its last second: the stations that publish then start their clocks anew."""
    published = run_load(mqtt, per_s, seconds)
    time.sleep(KEY_RESOLUTION_S)
    return published


def run_load(mqtt: MqttSettings, per_s: int, seconds: float) -> int:
    """A process of its own publishes; returns how many messages."""
    load = (
        sys.executable,
        "-m",
        "tests.benchmarks.load",
        mqtt.host,
        str(mqtt.port),
        str(per_s),
        str(seconds),
    )
    return int(subprocess.run(load, check=True, capture_output=True, text=True).stdout)


def _measure_run(
    servers: PlantServers,
    consumer: Consumer,
    publish: Callable[[MqttSettings], int],
    *,
    run_in: Callable[[MqttSettings], int] = lambda mqtt: 0,
) -> IntakeRun:
    with ExitStack() as stack:
        broker = stack.enter_context(start_own_broker())
        dsn = stack.enter_context(servers.create_database(consumer.schema))
        folder = stack.enter_context(reachable_temp(durable=True))
        process = consumer.make_process(broker.settings, dsn, folder)
        stack.enter_context(run_consumer(process))
        database = stack.enter_context(DatabaseWatch(dsn))
        database.write_checkpoint()
        tree = ProcessTree(process.pid)
        _wait_for_idleness(tree)
        idle_mb = tree.measure_pss_mb()
        peak = stack.enter_context(PeakMemory(tree).watch())
        cpu_before = tree.count_cpu_seconds()
        before = run_in(broker.settings)
        if before:
            wait_while_rising(database.count_rows, before, quiet_s=GIVE_UP_S, every=LOOK_EVERY_S)
        began, cpu, database_cpu = time.time(), tree.count_cpu_seconds(), database.count_cpu_seconds()
        published = publish(broker.settings)
        stored = (
            wait_while_rising(database.count_rows, before + published, quiet_s=GIVE_UP_S, every=LOOK_EVERY_S)
            - before
        )
        used, database_used = tree.count_cpu_seconds() - cpu, database.count_cpu_seconds() - database_cpu
        ended = database.read_last_commit() if database.keeps_commit_times else time.time()
        latencies = database.read_latencies(began) if database.keeps_commit_times else None
        return IntakeRun(
            published, stored, ended - began, used, database_used, idle_mb, peak.pss_mb, latencies,
            before, cpu - cpu_before,
        )  # fmt: skip


def _wait_for_idleness(tree: ProcessTree) -> None:
    for _ in range(int(MAX_SETTLE_S / SETTLE_S)):
        used = tree.count_cpu_seconds()
        time.sleep(SETTLE_S)
        if tree.count_cpu_seconds() - used <= IDLE_SHARE * SETTLE_S:
            return
