"""``dosing-tui demo``: sets up, runs and stops a whole plant on this machine."""

import logging
import os
import secrets
import signal
import threading
import time
from contextlib import ExitStack, suppress
from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

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
from dosing_tui.domain.quantities.quantity_text import count_noun
from dosing_tui.errors import DemoError
from dosing_tui.ipc.supervised_thread import start_timer
from dosing_tui.simulator.command import handle_signals
from dosing_tui.simulator.fault_injection import parse_faults
from dosing_tui.simulator.plant import SimulatedPlant
from dosing_tui.simulator.publish_loop import ProgressReporter
from dosing_tui.tui.app.terminal import check_terminal

INTERRUPT_EXIT_CODE = 130
"""Exit status of a demo interrupted during its set-up; later an interrupt is its normal end, and 0."""

log = logging.getLogger(__name__)


NEW_DEMO_MB, OLD_DEMO_MB = 300, 100
"""Room for a new database with its log and three days of history, and to go on with one."""
SCREEN_FAULTS = "nan,duplicates,uptime,reboot"
HEADLESS_FAULTS = "all"


class DemoSite(Struct, frozen=True):
    """A demo after its set-up: servers running, history stored, simulator not started."""

    settings: Settings
    broker: EmbeddedBroker
    plant: SimulatedPlant
    history_count: int
    """Messages of history that this run has stored."""


def run_demo(
    *, folder: Path | None, headless: bool, duration_s: float | None, devices: int, seed: int = 1,
    rate: float | None = None, faults: str | None = None, console: ConsoleSettings | None = None,
    report: ProgressReporter,
) -> int:  # fmt: skip
    """Run until 'q', Ctrl+C, SIGTERM or ``duration_s``. Returns the exit status.

    ``rate``: messages a second in all, for tests; without it the plant keeps its own pace. Default of
    ``faults``: with a screen a calm plant, without one a plant with all faults.

    Raises: ConfigError for an unknown fault or an unusable terminal, DemoError, DatabaseError.
    """
    fault_set = parse_faults(faults or (HEADLESS_FAULTS if headless else SCREEN_FAULTS))
    if not headless:
        check_terminal(os.environ, without="dosing-tui demo --headless")
    folder = (folder or get_default_folder()).expanduser().absolute()
    report = _ignore_closed_terminal(report)
    # SIGTERM, and SIGHUP of a closed terminal, stop everything in order, like Ctrl+C
    interrupt = handle_signals(signal.default_int_handler, signal.SIGTERM, signal.SIGHUP)
    try:
        with interrupt, ExitStack() as exit_stack:
            site = _set_up_demo(folder, exit_stack, devices=devices, seed=seed, report=report)
            mqtt, progress = site.settings.mqtt, report if headless else log.info  # never over the screen
            simulation = SimulatorThread(mqtt, site.plant, rate=rate, faults=fault_set, report=progress)
            if not headless:
                settings = replace(site.settings, console=console or site.settings.console)
                return _run_with_screen(duration_s, settings, simulation)
            run_info = {"folder": str(folder), "broker": site.broker.name, "history": site.history_count}
            return collect_for(duration_s, site.settings, simulation, report=report, run_info=run_info)
    except KeyboardInterrupt:
        report("Demo interrupted; all its processes have been stopped.")
        return INTERRUPT_EXIT_CODE


def _set_up_demo(
    folder: Path, exit_stack: ExitStack, *, devices: int, seed: int, report: ProgressReporter
) -> DemoSite:
    began = time.monotonic()
    _check_room(folder)
    taken = f"A demo is already running in {folder}. End it, or choose another folder with --folder."
    exit_stack.enter_context(lock_file(folder / "demo.lock", taken))
    _clear_libpq_environment()
    report(f"Starting PostgreSQL; the demo's data is kept in {folder}.")
    database = exit_stack.enter_context(EmbeddedPostgres(folder))
    password_file = folder / "mqtt-password"
    broker = start_broker(folder, password=_read_or_make_password(password_file))
    exit_stack.callback(broker.stop)
    report(
        f"Starting {broker.name} on port {broker.port}: user {broker.username}, password in {password_file}."
    )
    settings = build_demo_settings(folder, mqtt=broker.settings, dsn=database.dsn, devices=devices)
    for name in migrate_schema(settings, report=log.info):
        log.info("applied %s", name)
    plant, history_count = _seed_plant_history(settings, devices=devices, seed=seed, report=report)
    report(f"Ready after {time.monotonic() - began:.1f} s.")
    return DemoSite(settings, broker, plant, history_count)


def _check_room(folder: Path) -> None:
    """Raises: DemoError at once, instead of half a demo, when its disk is nearly full."""
    place = next(place for place in (folder, *folder.parents) if place.is_dir())
    disk = os.statvfs(place)
    free_mb = disk.f_bavail * disk.f_frsize // 1024**2
    needed_mb = OLD_DEMO_MB if place is folder and any(folder.iterdir()) else NEW_DEMO_MB
    if free_mb < needed_mb:
        raise DemoError(
            f"The demo needs {needed_mb} MB, the disk of {folder} has {free_mb} MB free: make room, or"
            " choose another folder with --folder."
        )


def _read_or_make_password(path: Path) -> str:
    """The demo's own password for its broker, in a file that only its owner reads."""
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(f"{secrets.token_urlsafe(16)}\n")
    return path.read_text().strip()


def _seed_plant_history(
    settings: Settings, *, devices: int, seed: int, report: ProgressReporter
) -> tuple[SimulatedPlant, int]:
    """A plant whose last three days are in the database, and the number of messages stored now."""
    now = datetime.now(UTC)
    since = seed_history.find_gap_start(settings, now)
    is_fresh = since == now - seed_history.HISTORY_SPAN
    # with the same seed the messages would be repetitions of the last run's
    seed = seed if is_fresh else seed + int(since.timestamp())
    plant = SimulatedPlant(seed, devices, since=since, mqtt=settings.mqtt)
    plant.set_levels(seed_history.read_levels(settings))
    if is_fresh:
        report("Writing three days of history.")
    written = seed_history.store_messages(
        settings,
        seed_history.generate_messages(plant, since=since, until=now, zone=ZoneInfo(settings.plant.timezone)),
    )
    report(f"Wrote {count_noun(written, 'message')} of history.")
    return plant, written


def _run_with_screen(duration_s: float | None, settings: Settings, simulation: SimulatorThread) -> int:
    """The console's exit status; 0 after ``duration_s``."""
    # imported here: Textual takes a while, and only a demo with a screen needs it
    from dosing_tui.tui.app.main import run_console

    is_over = threading.Event()

    def end_demo() -> None:
        is_over.set()
        os.kill(os.getpid(), signal.SIGTERM)

    timer = start_timer("demo-duration", duration_s, end_demo) if duration_s else None
    if not create_broker_session(settings):
        log.warning("the broker keeps no messages until the collector connects; they will be missing")
    simulation.start()
    try:
        status = run_console(settings)
    except KeyboardInterrupt:
        if not is_over.is_set():  # the time can be over before the screen is open
            raise
        status = 0
    finally:
        if timer:
            timer.cancel()
        simulation.stop()
    return 0 if is_over.is_set() else status


def _clear_libpq_environment() -> None:
    """Remove libpq's PG variables: they are for the user's databases, not for the demo's."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def _ignore_closed_terminal(report: ProgressReporter) -> ProgressReporter:
    """Wrap ``report``: a closed terminal must not prevent the orderly end of the demo."""

    def report_safely(sentence: str) -> None:
        with suppress(OSError, ValueError):
            report(sentence)

    return report_safely
