"""Checks of the terminal: whether it can show the console, and whether it accepts output."""

import os
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING

from dosing_tui.errors import ConfigError

if TYPE_CHECKING:
    from textual.driver import Driver


LOCALE_VARIABLES = ("LC_ALL", "LC_CTYPE", "LANG")
"""The first that is set decides."""
WEB_DRIVER = "textual.drivers.web_driver:WebDriver"


def is_in_browser(environment: Mapping[str, str]) -> bool:
    """``dosing-tui serve``, or ``textual serve``, shows the screen in a browser instead of a terminal."""
    return environment.get("TEXTUAL_DRIVER") == WEB_DRIVER


def check_terminal(environment: Mapping[str, str], *, without: str = "dosing-tui collect") -> None:
    """``without``: the command that needs no terminal. Raises: ConfigError when this one shows no console."""
    if is_in_browser(environment):
        return
    term = environment.get("TERM", "")
    if not all(stream is not None and stream.isatty() for stream in (sys.__stdin__, sys.__stderr__)):
        raise ConfigError(f"The console needs a terminal on stdin and stderr. Without one: {without}.")
    if term in ("", "dumb", "unknown"):
        raise ConfigError(
            f"The console cannot draw on this terminal (TERM={term or 'is not set'}). "
            f"Set TERM to what the terminal is, or use: {without}."
        )


def get_encoding(environment: Mapping[str, str]) -> str:
    """Character encoding of the output; a browser is sent UTF-8.

    Python writes UTF-8 in the locale C, too, which the terminal of such a locale does not show.
    """
    if is_in_browser(environment):
        return "utf-8"
    locale = next(filter(None, (environment.get(name) for name in LOCALE_VARIABLES)), "")
    if locale in ("C", "POSIX"):
        return "ascii"
    return "ascii" if sys.__stderr__ is None else sys.__stderr__.encoding


def has_backlog(driver: "Driver | None") -> bool:
    """Output of the last frame has not been sent yet: another frame could block the keys."""
    # private to Textual; a test checks that the attribute still exists
    queue = getattr(getattr(driver, "_writer_thread", None), "_queue", None)
    return queue is not None and queue.qsize() > 0


def discard_output() -> None:
    """Drop output that a closed terminal did not accept: else Python's exit status would be 120."""
    for stream in (sys.__stdout__, sys.__stderr__):
        if stream is None:
            continue
        try:
            stream.flush()
        except OSError:
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, stream.fileno())
            os.close(nowhere)
