"""Starts the console on this terminal, and cleans up behind it."""

import logging
import os
from collections.abc import Mapping, MutableMapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from dosing_tui.collector_process.remote_live_state import Mirror
from dosing_tui.config.settings import Settings
from dosing_tui.live_state import PictureSource
from dosing_tui.tui.app import log_file, terminal
from dosing_tui.tui.data.backend import Engine
from dosing_tui.tui.data.query_workers import PanelSource
from dosing_tui.tui.rendering import glyphs

if TYPE_CHECKING:
    from dosing_tui.tui.app.app import Surroundings

log = logging.getLogger(__name__)


class Backstage(PanelSource, Protocol):
    """What works behind the screen, from the first paint until after the last."""

    def start(self) -> None: ...

    def stop(self) -> None: ...


def run_console(settings: Settings) -> int:
    """Returns the exit status: 0 when the operator quit, 128 + n when signal n ended it.

    Raises: ConfigError when this terminal cannot show a screen or the log cannot be written.
    """
    mirror = Mirror()
    return show(settings, mirror, Engine(settings, mirror, now))


def show(settings: Settings, live: PictureSource, backstage: Backstage) -> int:
    """The console over a live picture that somebody else moves. Raises: ConfigError."""
    terminal.check_terminal(os.environ)
    log_path = log_file.open_log(settings.log)
    prepare(os.environ, settings)
    # imported here: textual reads the environment when it is imported
    from dosing_tui.tui.app.app import ConsoleApp

    where = surroundings(os.environ, settings, log_path)
    app = ConsoleApp(settings, live, backstage, now, where=where, after_first_paint=backstage.start)
    log.info("console starts")
    try:
        app.run()
    finally:
        app.departure.arrived()
        backstage.stop()
        terminal.let_go()
    log.info("console ends with status %s", app.return_code)
    return app.return_code or 0


def surroundings(environment: Mapping[str, str], settings: Settings, log_file: Path) -> "Surroundings":
    """Raises: ConfigError for keys that there are not."""
    # imported here for the same reason
    from dosing_tui.tui.app.app import Surroundings
    from dosing_tui.tui.keys.bindings import checked

    term, wanted = environment.get("TERM", ""), settings.console.glyphs
    return Surroundings(
        glyphs=glyphs.profile(wanted, term=term, encoding=terminal.encoding()),
        colourless=bool(environment.get("NO_COLOR")),
        keymap=checked(settings.console.keys),
        log_file=log_file,
    )


def now() -> datetime:
    return datetime.now(UTC)


def prepare(environment: MutableMapping[str, str], settings: Settings) -> None:
    """What textual is to know before it is imported; what the site has set stays."""
    environment.setdefault("TEXTUAL_ANIMATIONS", "none")
    environment.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    if environment.get("NO_COLOR") == "":
        # empty means 'not set' by the convention; textual looks only whether it is there
        del environment["NO_COLOR"]
    if settings.console.low_bandwidth and environment.get("COLORTERM", "") in ("truecolor", "24bit"):
        environment.setdefault("TEXTUAL_COLOR_SYSTEM", "256")
