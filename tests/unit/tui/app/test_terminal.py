"""Terminals, logs and signals around the console."""

import logging
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from textual.drivers._writer_thread import WriterThread
from textual.drivers.linux_driver import LinuxDriver

from dosing_tui.config.sections.log_settings import LogSettings
from dosing_tui.config.settings import ConsoleSettings, Settings
from dosing_tui.errors import ConfigError
from dosing_tui.tui.app import log_file, terminal
from dosing_tui.tui.app.main import prepare_environment
from dosing_tui.tui.app.shutdown import ShutdownHandler
from dosing_tui.tui.rendering import minimal_repaint
from tests.support.tui.console_driver import open_console
from tests.support.tui.sample_plant import HOSTILE


@pytest.fixture
def clean_logging() -> Iterator[None]:
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    hooks = threading.excepthook, sys.unraisablehook, logging.raiseExceptions
    yield
    for handler in root.handlers:
        if handler not in handlers:
            handler.close()
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(False)
    threading.excepthook, sys.unraisablehook, logging.raiseExceptions = hooks


@pytest.mark.usefixtures("clean_logging")
def test_log_warnings_and_failures_of_threads_go_to_the_file_in_one_line_each(tmp_path: Path) -> None:
    path = log_file.open_log(LogSettings(file=str(tmp_path / "logs" / "console.log")))
    logging.getLogger("plant").warning("tank %s\nforged line", HOSTILE)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.warn("old habits", DeprecationWarning, stacklevel=1)
    thread = threading.Thread(target=lambda: 1 / 0, name="poor")
    thread.start()
    thread.join()
    written = path.read_text(encoding="utf-8")
    assert "\x1b" not in written
    assert "\nforged" not in written
    assert "old habits" in written
    assert "thread poor failed" in written
    assert "ZeroDivisionError" in written


@pytest.mark.usefixtures("clean_logging")
def test_a_log_that_cannot_be_written_is_said_in_one_sentence(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot be written"):
        log_file.open_log(LogSettings(file=str(tmp_path / "file" / "console.log")))


def test_the_log_is_in_the_platforms_folder_unless_the_site_says_otherwise(tmp_path: Path) -> None:
    assert log_file.get_log_path(LogSettings()).name == "console.log"
    assert "dosing-tui" in str(log_file.get_log_path(LogSettings()))
    assert log_file.get_log_path(LogSettings(file="/var/log/x.log")) == Path("/var/log/x.log")


class Screen:
    encoding = "latin-1"

    def isatty(self) -> bool:
        return True


def test_a_dumb_terminal_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.__stdin__", Screen())
    monkeypatch.setattr("sys.__stderr__", Screen())
    terminal.check_terminal({"TERM": "xterm"})
    assert terminal.get_encoding({}) == "latin-1"
    with pytest.raises(ConfigError, match="TERM=dumb"):
        terminal.check_terminal({"TERM": "dumb"})
    with pytest.raises(ConfigError, match="TERM"):
        terminal.check_terminal({})


def test_no_terminal_at_all_is_refused() -> None:
    with pytest.raises(ConfigError, match="needs a terminal"):
        terminal.check_terminal({"TERM": "xterm"})


@pytest.mark.parametrize(
    ("arguments", "instead"), [([], "dosing-tui collect"), (["demo"], "dosing-tui demo --headless")]
)
def test_the_command_says_so_in_one_sentence(arguments: list[str], instead: str) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dosing_tui", *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        env={**os.environ, "DOSING_PLANT_SITE": "plant1"},
    )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "needs a terminal" in done.stderr
    assert done.stderr.endswith(f": {instead}.\n")


def test_textual_does_not_animate_unless_the_site_wishes_it() -> None:
    environment = {"TEXTUAL_ANIMATIONS": "full", "NO_COLOR": "", "COLORTERM": "truecolor"}
    prepare_environment(environment, Settings(console=ConsoleSettings(low_bandwidth=True)))
    assert environment["TEXTUAL_ANIMATIONS"] == "full"
    assert environment["TEXTUAL_SMOOTH_SCROLL"] == "0"
    assert environment["TEXTUAL_COLOR_SYSTEM"] == "256"
    assert "NO_COLOR" not in environment


def test_textual_still_has_the_queue_by_which_a_busy_line_is_known() -> None:
    writer = WriterThread(sys.__stderr__)  # type: ignore[arg-type]  # a stream, or None without one
    driver = object.__new__(LinuxDriver)
    driver._writer_thread = writer
    assert not terminal.has_backlog(driver)
    writer.write("a frame")
    assert terminal.has_backlog(driver)
    assert not terminal.has_backlog(None)


async def test_the_frugal_compositor_fits_this_textual() -> None:
    async with open_console() as driven:
        assert isinstance(driven.app.screen._compositor, minimal_repaint.ChangedCellsCompositor)


def test_signals_are_left_alone_outside_the_main_thread() -> None:
    departure = ShutdownHandler()
    seen: list[BaseException] = []

    def watch() -> None:
        try:
            departure.install_handlers(None, lambda code: None)  # type: ignore[arg-type]  # never used here
        except BaseException as error:
            seen.append(error)

    thread = threading.Thread(target=watch)
    thread.start()
    thread.join()
    departure.restore_handlers()
    assert not seen
