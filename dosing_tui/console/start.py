"""Starts the console on this terminal, and cleans up behind it."""

import logging
import os
from collections.abc import MutableMapping
from datetime import UTC, datetime

from dosing_tui.config.settings import Settings
from dosing_tui.console import glyphs, logfile, terminal
from dosing_tui.console.engine import Engine
from dosing_tui.live import Live

log = logging.getLogger(__name__)


def run_console(settings: Settings) -> int:
    """Returns the exit status: 0 when the operator quit, 128 + n when signal n ended it.

    Raises: ConfigError when this terminal cannot show a screen or the log cannot be written.
    """
    terminal.check_terminal(os.environ)
    log_file = logfile.open_log(settings.log)
    prepare(os.environ, settings)
    # imported here: textual reads the environment when it is imported
    from dosing_tui.console.app import ConsoleApp

    live = Live()
    engine = Engine(settings, live, now)
    app = ConsoleApp(
        settings, live, engine, now,
        glyphs=glyphs.profile(settings.console.glyphs, term=os.environ["TERM"], encoding=terminal.encoding()),
        log_file=log_file, after_first_paint=engine.start, colourless="NO_COLOR" in os.environ,
    )  # fmt: skip
    log.info("console starts")
    try:
        app.run()
    finally:
        app.departure.arrived()
        engine.stop()
    log.info("console ends with status %s", app.return_code)
    return app.return_code or 0


def now() -> datetime:
    return datetime.now(UTC)


def prepare(environment: MutableMapping[str, str], settings: Settings) -> None:
    """What textual is to know before it is imported; what the site has set stays."""
    environment.setdefault("TEXTUAL_ANIMATIONS", "none")
    environment.setdefault("TEXTUAL_SMOOTH_SCROLL", "0")
    if settings.console.low_bandwidth and environment.get("COLORTERM", "") in ("truecolor", "24bit"):
        environment.setdefault("TEXTUAL_COLOR_SYSTEM", "256")
