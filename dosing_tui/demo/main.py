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
from dosing_tui.database.schema.migrate import migrate
from dosing_tui.demo import seed_history
from dosing_tui.demo.broker_session_setup import open_mailbox
from dosing_tui.demo.demo_settings import default_folder, site_settings
from dosing_tui.demo.headless import collect_for
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.folders import lock
from dosing_tui.demo.servers.mqtt_broker import RunningBroker, start_broker
from dosing_tui.demo.simulator_thread import Simulation
from dosing_tui.simulator.fault_injection import parse_faults
from dosing_tui.simulator.plant import Plant
from dosing_tui.tui.app.terminal import check_terminal

Report = Callable[[str], None]

INTERRUPTED = 130
"""Exit status of a demo that was interrupted before it was set up; later that is its usual end, and 0."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Traffic:
    """``rate``: messages a second in all; ``faults``: as for ``dosing-tui simulate``."""

    rate: float
    faults: str


ON_SCREEN = Traffic(0.4, "nan,duplicates,uptime,reboot")
HEADLESS = Traffic(20.0, "all")


@dataclass(frozen=True, slots=True)
class Site:
    """A demo that is set up: servers running, history stored, nobody publishing yet."""

    settings: Settings
    broker: RunningBroker
    plant: Plant
    written: int
    """Messages of history that were stored now."""


def run_demo(
    *, folder: Path | None, headless: bool, duration_s: float | None, devices: int = 2, seed: int = 1,
    rate: float | None = None, faults: str | None = None, console: ConsoleSettings | None = None,
    report: Report,
) -> int:  # fmt: skip
    """Until 'q', Ctrl+C, SIGTERM or ``duration_s``; the exit status. ``rate``: messages a second in all.

    Without ``rate`` and ``faults``: a plant to look at with a screen, one that tests the books without.

    Raises: ConfigError for a fault nobody knows or a terminal without a screen, DemoError, DatabaseError.
    """
    usual = HEADLESS if headless else ON_SCREEN
    rate, chosen = rate or usual.rate, parse_faults(faults or usual.faults)
    if not headless:
        check_terminal(os.environ)
    folder = (folder or default_folder()).expanduser().absolute()
    say = _while_anybody_listens(report)
    try:
        with _ended_like_ctrl_c(), ExitStack() as running:
            site = _set_up(folder, running, devices=devices, seed=seed, rate=rate, say=say)
            mqtt, told = site.settings.mqtt, say if headless else log.info  # nothing writes over the screen
            simulation = Simulation(mqtt, site.plant, rate=rate, faults=chosen, report=told)
            if not headless:
                looks = replace(site.settings, console=console or site.settings.console)
                return _on_screen(duration_s, looks, simulation)
            about = _about(folder, site)
            return collect_for(duration_s, site.settings, simulation, report=say, about=about)
    except KeyboardInterrupt:
        say("The demo was interrupted; everything it started has been stopped.")
        return INTERRUPTED


def _set_up(folder: Path, running: ExitStack, *, devices: int, seed: int, rate: float, say: Report) -> Site:
    began = time.monotonic()
    taken = f"A demo is already running in {folder}. End it, or choose another folder with --folder."
    running.enter_context(lock(folder / "demo.lock", taken))
    _forget_libpq_environment()
    say(f"Starting PostgreSQL; the demo's data is kept in {folder}.")
    database = running.enter_context(EmbeddedPostgres(folder))
    broker = start_broker(folder)
    running.callback(broker.stop)
    say(f"Starting {broker.name} on port {broker.port}.")
    settings = site_settings(folder, mqtt=broker.settings, dsn=database.dsn, devices=devices)
    for name in migrate(settings, report=log.info):
        log.info("applied %s", name)
    plant, written = _with_a_past(settings, devices=devices, seed=seed, rate=rate, say=say)
    say(f"Ready after {time.monotonic() - began:.1f} s.")
    return Site(settings, broker, plant, written)


def _with_a_past(
    settings: Settings, *, devices: int, seed: int, rate: float, say: Report
) -> tuple[Plant, int]:
    """A plant whose last three days are in the database, and how many messages were stored for that now."""
    now = datetime.now(UTC)
    since = seed_history.missing_since(settings, now)
    fresh = since == now - seed_history.SPAN
    # a plant says the same again for the same seed, which would be taken for repetitions of the last run's
    seed = seed if fresh else seed + int(since.timestamp())
    plant = Plant(seed, devices, since=since, mqtt=settings.mqtt)
    if fresh:
        say("Writing three days of history.")
    written = seed_history.store(
        settings,
        seed_history.messages(
            plant, seed=seed, since=since, until=now, zone=ZoneInfo(settings.plant.timezone), rate=rate
        ),
    )
    say(f"Wrote {written:,} messages of history.")
    return plant, written


def _on_screen(duration_s: float | None, settings: Settings, simulation: Simulation) -> int:
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
    if not open_mailbox(settings):
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


def _forget_libpq_environment() -> None:
    """PGHOSTADDR and the like are about the user's databases, not about the demo's own."""
    for name in [name for name in os.environ if name.startswith("PG")]:
        del os.environ[name]


def _about(folder: Path, site: Site) -> dict[str, object]:
    return {"folder": str(folder), "broker": site.broker.name, "history": site.written}


@contextmanager
def _ended_like_ctrl_c() -> Iterator[None]:
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


def _while_anybody_listens(report: Report) -> Report:
    """A terminal that was closed must not keep the demo from ending in order."""

    def say(sentence: str) -> None:
        with suppress(OSError, ValueError):
            report(sentence)

    return say
