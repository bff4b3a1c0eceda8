"""Runs the console on this terminal, and restores the terminal afterwards."""

import logging
import os
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from dosing_tui.collector_process.remote_live_state import RemoteLiveState
from dosing_tui.config.settings import Settings
from dosing_tui.ipc.cycle_search import resume_cycle_search, search_cycles_less
from dosing_tui.ipc.supervised_thread import FailureReporter, ignore_failure
from dosing_tui.live_snapshot import LiveSnapshotSource
from dosing_tui.tui.app import log_file, terminal
from dosing_tui.tui.data.backend import Backend

if TYPE_CHECKING:
    from dosing_tui.tui.app.app import DosingApp
    from dosing_tui.tui.app.terminal_options import TerminalOptions
    from dosing_tui.tui.data.query_workers import BackendService

log = logging.getLogger(__name__)
get_utc_now = partial(datetime.now, UTC)


def run_console(settings: Settings, *, kiosk: timedelta | None = None) -> int:
    """Returns the exit status: 0 when the operator quit, 128 + n when signal n ended it.

    ``kiosk``: the wall mode, with this time for each page; nobody there silences a bell or uses a mouse.

    Raises: ConfigError when this terminal cannot show a screen or the log cannot be written.
    """
    if kiosk is not None:
        settings = replace(settings, console=replace(settings.console, bell=False, mouse=False))
    mirror = RemoteLiveState()
    backend = Backend(settings, mirror, get_utc_now)
    backend.fork_collector()
    return run_app(settings, mirror, backend, kiosk=kiosk, on_thread_failure=mirror.set_thread_failure)


def run_app(
    settings: Settings,
    live_source: LiveSnapshotSource,
    backend: "BackendService",
    *,
    kiosk: timedelta | None = None,
    on_thread_failure: FailureReporter = ignore_failure,
) -> int:
    """The console over a given live state. Raises: ConfigError."""
    terminal.check_terminal(os.environ)
    log_path = log_file.open_log(settings.log)
    prepare_environment(os.environ, settings)
    log.info("console starts")
    backend.start_collector()
    try:
        app = _build_app(settings, live_source, backend, log_path, kiosk, on_thread_failure)
    except BaseException:
        backend.stop()
        raise
    try:
        app.run(mouse=settings.console.mouse)
    finally:
        app.shutdown_handler.cancel_forced_exit()
        backend.stop()
        terminal.discard_output()
        app.shutdown_handler.restore_handlers()
    log.info("console ends with status %s", app.return_code)
    return app.return_code or 0


def _build_app(
    settings: Settings, live_source: LiveSnapshotSource, backend: "BackendService", log_path: Path,
    kiosk: timedelta | None, on_thread_failure: FailureReporter,
) -> "DosingApp":  # fmt: skip
    """Raises: ConfigError."""
    # imported here: Textual reads the environment when it is imported
    from dosing_tui.tui.app.app import DosingApp

    def open_reader() -> None:
        resume_cycle_search()
        search_cycles_less()
        backend.open_reader()

    return DosingApp(
        settings,
        live_source,
        backend,
        get_utc_now,
        terminal=read_terminal_options(os.environ, settings, log_path),
        kiosk=kiosk,
        after_first_paint=open_reader,
        on_thread_failure=on_thread_failure,
    )


def read_terminal_options(
    environment: Mapping[str, str], settings: Settings, log_file: Path
) -> "TerminalOptions":
    """Raises: ConfigError for unknown key names."""
    # imported here: imports Textual
    from dosing_tui.tui.app.terminal_options import TerminalOptions
    from dosing_tui.tui.keys.bindings import validate_keymap
    from dosing_tui.tui.rendering.theme import resolve_glyphs

    term, wanted = environment.get("TERM", ""), settings.console.glyphs
    return TerminalOptions(
        glyphs=resolve_glyphs(wanted, term=term, encoding=terminal.get_encoding(environment)),
        is_monochrome=bool(environment.get("NO_COLOR")),
        keymap=validate_keymap(settings.console.keys),
        log_file=log_file,
    )


def prepare_environment(environment: MutableMapping[str, str], settings: Settings) -> None:
    """Textual's environment variables, which it reads at import; the site's own values stay."""
    environment.setdefault("TEXTUAL_ANIMATIONS", "none")
    environment.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    if environment.get("NO_COLOR") == "":
        # by convention an empty value means 'not set'; Textual checks only that the variable exists
        del environment["NO_COLOR"]
    if settings.console.low_bandwidth and environment.get("COLORTERM", "") in ("truecolor", "24bit"):
        environment.setdefault("TEXTUAL_COLOR_SYSTEM", "256")
