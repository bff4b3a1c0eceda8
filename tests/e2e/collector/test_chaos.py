"""Parts of the plant are killed, suspended, stalled and starved of disk at random, while stations publish.

Nothing is lost or doubled, and the console says what is out of order. Each kind of fault comes once and is
short; ``--full-size`` has them last, for 20 minutes.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from signal import SIGCONT, SIGKILL, SIGSTOP
from threading import Event, Thread

import psycopg
import pytest
from msgspec import structs
from psycopg.conninfo import make_conninfo

from dosing_tui.config.settings import MqttSettings, Settings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.mqtt.publisher import Publisher
from tests.support import tmux_terminal
from tests.support.collector.numbered_messages import CollectorProcess, plant_settings, run_collector
from tests.support.database.kept_session import CountingSession
from tests.support.database.stalling_proxy import StallingProxy, stalling_proxy
from tests.support.os_processes import is_alive
from tests.support.polling import wait_until
from tests.support.sizes import choose_size

DURATION_S = choose_size("CHAOS_S", small=0, full=1200)
"""0, in CI: each kind once, none for long but those of ``WHOLE_IN_CI``.

Left out there: what is suspended or stalled goes on before anything times out, so nobody is elected instead,
and the screen names nothing (111 s in all). Nor does any kind come twice.
"""
SHORT_HOLD_S = 3.0
WHOLE_IN_CI = ("spool disks full",)
"""The screen needs its whole hold to name it."""
RATE = int(choose_size("CHAOS_RATE", small=50, full=500))
"""Doses per second: at each fault some are on their way."""
SEED = int(choose_size("CHAOS_SEED", small=11, full=11))
PUMPS = 16
SPOOL_DISK = "48m"
COLLECTS = "This process collects for the site."
STORED = "SELECT ((extract(epoch FROM time)::bigint - %s) * 16 + pump - 1)::bigint FROM dosing_consumption"


class DosingStation:
    """Publishes ``RATE`` doses per second at QoS 1; the time and the pump of a dose are its number."""

    def __init__(self, settings: MqttSettings) -> None:
        self.count = 0
        self.base = int(time.time()) - 2 * 86_400
        self._settings = settings
        self._stop_event = Event()
        self._thread = Thread(target=self._publish, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        self._stop_event.set()
        self._thread.join()

    def _publish(self) -> None:
        publisher, topic = Publisher(self._settings, client_id="station"), self._settings.topics[0]
        publisher.start()
        began = time.monotonic()
        while not self._stop_event.is_set():
            while self.count < (time.monotonic() - began) * RATE:
                assert publisher.publish_message(topic, self._build_payload(self.count), 1)
                self.count += 1
            self._stop_event.wait(0.02)
        assert publisher.wait_for_publish(60)
        publisher.stop()

    def _build_payload(self, number: int) -> bytes:
        dose = {
            "device_id": "dosing_system_01", "pump": 1 + number % PUMPS, "chemical": "T-12", "target_g": 40.0,
            "actual_g": 40.1, "error_g": 0.1, "recipe": "CU-85", "mode": "CATALYST", "duration_ms": 21_000,
            "timestamp": self.base + number // PUMPS,
        }  # fmt: skip
        return json.dumps(dose).encode()


@dataclass
class FailingPlant:
    """``leader`` and ``standby`` swap when the lease does."""

    broker: EmbeddedBroker
    database: EmbeddedPostgres
    proxy: StallingProxy
    leader: CollectorProcess
    standby: CollectorProcess
    station: DosingStation
    console: tmux_terminal.Terminal
    looks: CountingSession

    def count_stored(self) -> int:
        return self.looks.count_rows("SELECT count(*) FROM dosing_consumption")

    def update_roles(self) -> None:
        """The one that was elected last collects."""
        last = max((self.leader, self.standby), key=_find_election)
        if last is self.standby:
            self.leader, self.standby = self.standby, self.leader


def _find_election(machine: CollectorProcess) -> float:
    """When this process was elected last; 0 when never, or when it has ended."""
    elected = [
        at for at, line in zip(machine.line_times, machine.log_lines, strict=False) if COLLECTS in line
    ]
    return 0.0 if machine.dead or not elected else elected[-1]


@dataclass(frozen=True)
class PlantFault:
    name: str
    begin: Callable[[FailingPlant], None]
    end: Callable[[FailingPlant], None]
    hold_s: float
    shown: tuple[str, ...] = ()
    """What the console says meanwhile: one of these."""
    shown_within_s: float = 0.0
    may_be_harmless: bool = False
    """Collecting may go on nevertheless: then the console says nothing."""


def _kill_leader(plant: FailingPlant) -> None:
    plant.leader.kill()


def _restart_leader(plant: FailingPlant) -> None:
    plant.leader.start()


def _kill_collectors(plant: FailingPlant) -> None:
    plant.standby.kill()
    plant.leader.kill()


def _restart_collectors(plant: FailingPlant) -> None:
    plant.leader.start()
    plant.standby.start()


def _kill_console(plant: FailingPlant) -> None:
    pid = plant.console.get_pid()
    os.kill(pid, SIGKILL)
    wait_until(lambda: not is_alive(pid))


def _restart_console(plant: FailingPlant) -> None:
    plant.console.restart_program()
    plant.console.wait_for_text("● DB")


def _start_broker(plant: FailingPlant) -> None:
    plant.broker.start()


def _signal_database(number: int) -> Callable[[FailingPlant], None]:
    def send(plant: FailingPlant) -> None:
        os.kill(plant.database.pid, number)
        children = Path(f"/proc/{plant.database.pid}/task/{plant.database.pid}/children").read_text()
        for child in map(int, children.split()):
            with suppress(ProcessLookupError):
                os.kill(child, number)

    return send


def _fill_disks(plant: FailingPlant) -> None:
    for machine in (plant.leader, plant.standby):
        with suppress(OSError), (machine.folder / "disk" / "filler").open("wb", buffering=0) as filler:
            while True:
                filler.write(b"x" * 4096)


def _empty_disks(plant: FailingPlant) -> None:
    for machine in (plant.leader, plant.standby):
        (machine.folder / "disk" / "filler").unlink()


FAULTS = [
    PlantFault("collector killed", _kill_leader, _restart_leader, 1.0),
    PlantFault(
        "collector suspended",
        lambda plant: os.kill(plant.leader.process.pid, SIGSTOP),
        lambda plant: os.kill(plant.leader.process.pid, SIGCONT),
        32.0,
    ),
    PlantFault(
        "database killed",
        lambda plant: plant.database.kill(),
        lambda plant: plant.database.restart(),
        8.0, ("DB down",), 20.0,
    ),
    PlantFault(
        "database suspended",
        _signal_database(SIGSTOP),
        _signal_database(SIGCONT),
        22.0, ("DB down",), 20.0,
    ),
    PlantFault(
        "database stalled",
        lambda plant: plant.proxy.stall(),
        lambda plant: plant.proxy.resume(),
        22.0, ("DB down",), 20.0,
    ),
    PlantFault(
        "broker killed",
        lambda plant: plant.broker.kill(),
        _start_broker,
        5.0, ("MQTT down",), 10.0,
    ),
    PlantFault(
        "broker suspended",
        lambda plant: os.kill(plant.broker.pid, SIGSTOP),
        lambda plant: os.kill(plant.broker.pid, SIGCONT),
        35.0, ("MQTT down",), 35.0,
    ),
    PlantFault(
        "both collectors killed", _kill_collectors, _restart_collectors,
        15.0, ("no collector",), 15.0,
    ),
    PlantFault(
        "spool disks full",
        _fill_disks,
        _empty_disks,
        # if it is harmless, what a slow machine is behind with comes first
        20.0, ("Spool full", "no collector"), 60.0, may_be_harmless=True,
    ),
    PlantFault("console killed", _kill_console, _restart_console, 1.0),
]  # fmt: skip


@contextmanager
def run_machine(settings: Settings, folder: Path) -> Iterator[CollectorProcess]:
    """A collector whose spool is on a small disk of its own, where this user may mount one."""
    disk = folder / "disk"
    disk.mkdir(parents=True)
    command = ("mount", "-t", "tmpfs", "-o", f"size={SPOOL_DISK}", "tmpfs", str(disk))
    is_mounted = (
        shutil.which("mount") is not None and subprocess.run(command, capture_output=True).returncode == 0
    )
    own = structs.replace(
        settings, collector=structs.replace(settings.collector, spool_dir=str(disk / "spool"))
    )
    try:
        with run_collector(own, folder) as machine:
            yield machine
    finally:
        if is_mounted:
            subprocess.run(("umount", "--lazy", str(disk)), check=True)


def test_nothing_is_lost_or_doubled_whatever_happens_to_the_parts(
    mosquitto: EmbeddedBroker,
    own_postgres: EmbeddedPostgres,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    direct = plant_settings(mosquitto.settings, own_postgres.dsn, tmp_path)
    rows: list[tuple[str, ...]] = []
    with stalling_proxy(make_conninfo(own_postgres.dsn, host="127.0.0.1")) as proxy:
        settings = structs.replace(direct, database=structs.replace(direct.database, dsn=proxy.dsn))
        with (
            run_machine(settings, tmp_path / "north") as north,
            run_machine(settings, tmp_path / "south") as south,
            run_console(settings, tmp_path) as console,
            CountingSession(own_postgres.dsn) as looks,
        ):
            wait_until(lambda: COLLECTS in north.log or COLLECTS in south.log)
            station = DosingStation(mosquitto.settings)
            plant = FailingPlant(mosquitto, own_postgres, proxy, north, south, station, console, looks)
            wait_until(lambda: plant.count_stored() > 0)
            rows.extend(apply_fault(plant, fault) for fault in draw_faults(plant))
            plant.station.stop()
            wait_until(
                lambda: plant.count_stored() >= plant.station.count,
                120,
                why=lambda: describe_delay(plant, format_table(rows, plant.station.count)),
            )
            wait_until(lambda: is_shown_well(console), why=console.read_screen)
            assert plant.leader.end_gracefully() == plant.standby.end_gracefully() == 0
    with capsys.disabled():
        sys.stdout.write(format_table(rows, plant.station.count))
    assert_each_once(own_postgres.dsn, plant.station)


def is_shown_well(console: tmux_terminal.Terminal) -> bool:
    screen = console.read_screen()
    return "● MQTT" in screen and "● DB" in screen


@contextmanager
def run_console(settings: Settings, folder: Path) -> Iterator[tmux_terminal.Terminal]:
    environment = {
        "DOSING_MQTT_HOST": settings.mqtt.host,
        "DOSING_MQTT_PORT": str(settings.mqtt.port),
        "DOSING_DATABASE_DSN": settings.database.dsn,
        "DOSING_COLLECTOR_MODE": "never",
        "DOSING_LOG_FILE": str(folder / "console.log"),
    }
    with tmux_terminal.run_program(folder, env=environment, stays=True) as window:
        window.wait_for_text("● DB")
        yield window


def draw_faults(plant: FailingPlant) -> Iterator[PlantFault]:
    """Every kind in a random order, again and again, until the time is over; at the least once."""
    chance, until = random.Random(SEED), time.monotonic() + DURATION_S
    kinds = [
        fault
        for fault in FAULTS
        if fault.begin is not _fill_disks or os.path.ismount(plant.leader.folder / "disk")
    ]
    if not DURATION_S:
        yield from map(shorten_fault, chance.sample(kinds, len(kinds)))
        return
    while True:
        for fault in chance.sample(kinds, len(kinds)):
            if time.monotonic() > until:
                return
            yield fault


def shorten_fault(fault: PlantFault) -> PlantFault:
    """What is only suspended or stalled is noticed later than that, and then by time-outs."""
    if fault.name in WHOLE_IN_CI:
        return fault
    shown = fault.shown if "killed" in fault.name else ()
    return replace(fault, hold_s=min(fault.hold_s, SHORT_HOLD_S), shown=shown)


def apply_fault(plant: FailingPlant, fault: PlantFault) -> tuple[str, ...]:
    """A row of the table: the fault, when it was shown, when what was published until its end was stored."""
    plant.update_roles()
    began, shown_s, unharmed_count = time.monotonic(), "–", plant.station.count + 10 * RATE
    fault.begin(plant)
    try:
        if fault.shown:
            wait_until(
                lambda: is_fault_shown(plant, fault, unharmed_count),
                fault.shown_within_s + 10,
                why=lambda: f"{fault.name}: {describe_delay(plant, plant.console.read_screen())}",
            )
            shown_s = f"{time.monotonic() - began:.1f} s"
        time.sleep(max(0.0, began + fault.hold_s - time.monotonic()))
    finally:
        fault.end(plant)
    ended, published = time.monotonic(), plant.station.count
    wait_until(lambda: plant.count_stored() >= published, 120, why=lambda: describe_delay(plant, fault.name))
    return (
        fault.name, f"{ended - began:.1f} s", shown_s, f"{time.monotonic() - ended:.1f} s", f"{published:,}",
    )  # fmt: skip


def is_fault_shown(plant: FailingPlant, fault: PlantFault, unharmed_count: int) -> bool:
    """Also true if a fault that may be harmless has let ten seconds of readings through."""
    is_harmless = fault.may_be_harmless and plant.count_stored() >= unharmed_count
    screen = plant.console.read_screen()
    return is_harmless or any(text in screen for text in fault.shown)


def describe_delay(plant: FailingPlant, past: str) -> str:
    with psycopg.connect(plant.database.dsn) as session:
        stored = {number for (number,) in session.execute(STORED, (plant.station.base,))}
    missing = [number for number in range(plant.station.count) if number not in stored]
    logs = "\n".join((*plant.leader.log_lines[-40:], "--", *plant.standby.log_lines[-40:]))
    return f"{len(missing)} of {plant.station.count} missing, such as {missing[:5]}: {past}\n{logs}"


def format_table(rows: list[tuple[str, ...]], count: int) -> str:
    heads = ("fault", "lasted", "shown after", "caught up after", "published by then")
    widths = [max(len(row[column]) for row in (heads, *rows)) for column in range(len(heads))]
    lines = [
        "  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True))
        for row in (heads, *rows)
    ]
    return "\n".join(("", *lines, f"{count:,} published, seed {SEED}", ""))


def assert_each_once(dsn: str, station: DosingStation) -> None:
    with psycopg.connect(dsn) as session:
        stored = Counter(number for (number,) in session.execute(STORED, (station.base,)))
    assert set(range(station.count)) - stored.keys() == set()
    assert [number for number, times in stored.items() if times > 1] == []
    assert stored.total() == station.count
