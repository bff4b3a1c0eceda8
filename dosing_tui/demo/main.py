"""``dosing-tui demo``: a whole plant on this machine, set up, run and taken down again."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from dosing_tui.config.settings import ConsoleSettings, Settings
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.demo import seed_history
from dosing_tui.demo.broker_session_setup import create_broker_session
from dosing_tui.demo.demo_settings import build_demo_settings, get_default_folder
from dosing_tui.demo.headless import collect_for
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.folders import lock_file
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker, start_broker
from dosing_tui.demo.simulator_thread import SimulatorThread
from dosing_tui.simulator.fault_injection import parse_faults
from dosing_tui.simulator.plant import SimulatedPlant
from dosing_tui.tui.app.terminal import check_terminal

ProgressCallback = Callable[[str], None]

INTERRUPT_EXIT_CODE = 130
"""Exit status of a demo that was interrupted before it was set up; later that is its usual end, and 0."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class TrafficProfile:
    """``rate``: messages a second in all; ``faults``: as for ``dosing-tui simulate``."""

    rate: float
    faults: str


SCREEN_TRAFFIC = TrafficProfile(0.4, "nan,duplicates,uptime,reboot")
HEADLESS_TRAFFIC = TrafficProfile(20.0, "all")


@dataclass(frozen=True, slots=True)
class DemoSite:
    """A demo that is set up: servers running, history stored, nobody publishing yet."""

    settings: Settings
    broker: EmbeddedBroker
    plant: SimulatedPlant
    history_count: int
    """Messages of history that were stored now."""


def run_demo(
    *, folder: Path | None, headless: bool, duration_s: float | None, devices: int = 2, seed: int = 1,
    rate: float | None = None, faults: str | None = None, console: ConsoleSettings | None = None,
    report: ProgressCallback,
) -> int:  # fmt: skip
    """Until 'q', Ctrl+C, SIGTERM or ``duration_s``; the exit status. ``rate``: messages a second in all.

    Without ``rate`` and ``faults``: a plant to look at with a screen, one that tests the books without.

    Raises: ConfigError for a fault nobody knows or a terminal without a screen, DemoError, DatabaseError.
    """
    usual = HEADLESS_TRAFFIC if headless else SCREEN_TRAFFIC
    rate, chosen = rate or usual.rate, parse_faults(faults or usual.faults)
    if not headless:
        check_terminal(os.environ)
    folder = (folder or get_default_folder()).expanduser().absolute()
    say = _ignore_closed_terminal(report)
    try:
        with _interrupt_on_signals(), ExitStack() as running:
            site = _set_up_demo(folder, running, devices=devices, seed=seed, rate=rate, report=say)
            mqtt, told = site.settings.mqtt, say if headless else log.info  # nothing writes over the screen
            simulation = SimulatorThread(mqtt, site.plant, rate=rate, faults=chosen, report=told)
            if not headless:
                looks = replace(site.settings, console=console or site.settings.console)
                return _run_with_screen(duration_s, looks, simulation)
            about = _build_run_info(folder, site)
            return collect_for(duration_s, site.settings, simulation, report=say, run_info=about)
    except KeyboardInterrupt:
        say("The demo was interrupted; everything it started has been stopped.")
        return INTERRUPT_EXIT_CODE


def _set_up_demo(
    folder: Path, exit_stack: ExitStack, *, devices: int, seed: int, rate: float, report: ProgressCallback
) -> DemoSite:
    began = time.monotonic()
    taken = f"A demo is already running in {folder}. End it, or choose another folder with --folder."
    exit_stack.enter_context(lock_file(folder / "demo.lock", taken))
    _clear_libpq_environment()
    report(f"Starting PostgreSQL; the demo's data is kept in {folder}.")
    database = exit_stack.enter_context(EmbeddedPostgres(folder))
    broker = start_broker(folder)
    exit_stack.callback(broker.stop)
    report(f"Starting {broker.name} on port {broker.port}.")
    settings = build_demo_settings(folder, mqtt=broker.settings, dsn=database.dsn, devices=devices)
    for name in migrate_schema(settings, report=log.info):
        log.info("applied %s", name)
    plant, written = _seed_plant_history(settings, devices=devices, seed=seed, rate=rate, report=report)
    report(f"Ready after {time.monotonic() - began:.1f} s.")
    return DemoSite(settings, broker, plant, written)


def _seed_plant_history(
    settings: Settings, *, devices: int, seed: int, rate: float, report: ProgressCallback
) -> tuple[SimulatedPlant, int]:
    """A plant whose last three days are in the database, and how many messages were stored for that now."""
    now = datetime.now(UTC)
    since = seed_history.find_gap_start(settings, now)
    fresh = since == now - seed_history.HISTORY_SPAN
    # a plant says the same again for the same seed, which would be taken for repetitions of the last run's
    seed = seed if fresh else seed + int(since.timestamp())
    plant = SimulatedPlant(seed, devices, since=since, mqtt=settings.mqtt)
    if fresh:
        report("Writing three days of history.")
    written = seed_history.store_messages(
        settings,
        seed_history.generate_messages(
            plant, seed=seed, since=since, until=now, zone=ZoneInfo(settings.plant.timezone), rate=rate
        ),
    )
    report(f"Wrote {written:,} messages of history.")
    return plant, written


def _run_with_screen(duration_s: float | None, settings: Settings, simulation: SimulatorThread) -> int:
    """The console's exit status; 0 when the time was over."""
    # imported here: Textual takes a while, and only a demo with a screen needs it
    from dosing_tui.tui.app.main import run_console

    over = threading.Event()

    def ring() -> None:
        over.set()
        os.kill(os.getpid(), signal.SIGTERM)

    bell = threading.Timer(duration_s or 0.0, ring)
    if duration_s:
        bell.start()
    if not create_broker_session(settings):
        log.warning("what the plant says before the collector has come will be missed")
    simulation.start()
    try:
        status = run_console(settings)
    except KeyboardInterrupt:
        if not over.is_set():  # the time may be over before there is a screen
            raise
        status = 0
    finally:
        bell.cancel()
        simulation.stop()
    return 0 if over.is_set() else status


def _clear_libpq_environment() -> None:
    """PGHOSTADDR and the like are about the user's databases, not about the demo's own."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def _build_run_info(folder: Path, site: DemoSite) -> dict[str, object]:
    return {"folder": str(folder), "broker": site.broker.name, "history": site.history_count}


@contextmanager
def _interrupt_on_signals() -> Iterator[None]:
    """SIGTERM, and SIGHUP of a closed terminal, take everything down in order, as Ctrl+C does."""
    before = {
        number: signal.signal(number, signal.default_int_handler)
        for number in (signal.SIGTERM, signal.SIGHUP)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _ignore_closed_terminal(report: ProgressCallback) -> ProgressCallback:
    """A terminal that was closed must not keep the demo from ending in order."""

    def say(sentence: str) -> None:
        with suppress(OSError, ValueError):
            report(sentence)

    return say
