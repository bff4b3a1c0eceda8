"""The real program in real terminals, with neither broker nor database: starts, answers, leaves cleanly."""

import os
import signal
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from dosing_tui.demo.servers.mqtt_broker import find_free_port
from screenshots.recorder import Recorder, Size
from tests.support.polling import PATIENCE_S, wait_until
from tests.support.tmux_terminal import FOUND, Terminal, run_program

LARGE = Size(120, 40)
needs_tmux = pytest.mark.skipif(FOUND is None, reason="tmux is not installed")


_IGNORES_HANGUPS = "signal.signal(signal.SIGHUP, signal.SIG_IGN)"
"""What wrappers and some remote shells leave behind: a program that never hears of a closed terminal."""
_DOES_NOT_WAIT = "[os.set_blocking(file, False) for file in (0, 1, 2)]"
"""What another program may leave behind: writing to a terminal with full buffers fails instead of waiting."""


def nothing_there(folder: Path) -> dict[str, str]:
    """Settings that lead nowhere."""
    return {
        "DOSING_MQTT_HOST": "127.0.0.1", "DOSING_MQTT_PORT": str(find_free_port()),
        "DOSING_DATABASE_DSN": f"host=127.0.0.1 port={find_free_port()} dbname=none user=nobody",
        "DOSING_LOG_FILE": str(folder / "console.log"), "DOSING_COLLECTOR_SPOOL_DIR": str(folder / "spool"),
        "DOSING_PLANT_NAME": "Plant 1", "DOSING_CONSOLE_EXPORT_DIR": str(folder / "exports"),
    }  # fmt: skip


@contextmanager
def start_console(folder: Path, *, before: str = "") -> Iterator[Recorder]:
    """The console in a pseudo-terminal, its first picture drawn. ``before``: Python to be run first."""
    environment = {**os.environ, **nothing_there(folder), "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    command = [sys.executable, "-m", "dosing_tui"]
    if before:
        run = f"import os, signal, sys; {before}; os.execv(sys.argv[1], sys.argv[1:])"
        command = [sys.executable, "-c", run, *command]
    with Recorder(command, LARGE, environment) as recorder:
        recorder.wait_for("DB down")
        yield recorder


@needs_tmux
def test_the_console_starts_without_a_plant_answers_keys_and_follows_the_window(tmp_path: Path) -> None:
    with run_program(tmp_path, env=nothing_there(tmp_path)) as terminal:
        assert "Plant 1" in terminal.wait_for_text("MQTT down")
        terminal.wait_for_text("No database server listens")
        terminal.send_keys("7")
        terminal.wait_for_text("Readings of process")
        terminal.send_keys("?")
        terminal.wait_for_text("Esc Close")
        terminal.send_keys("Escape")
        wait_until(lambda: "Esc Close" not in terminal.read_screen())
        terminal.send_keys("3")
        terminal.wait_for_text("Consumption over time")
        terminal.send_keys("[")
        terminal.wait_for_text("back to live")
        terminal.send_keys("g")
        terminal.wait_for_text("Last 6 hours")
        terminal.send_keys("w")
        terminal.wait_for_text("Range this week")
        terminal.send_keys("s")
        terminal.wait_for_text("Saved ")
        terminal.send_keys(".", "1")
        terminal.wait_for_text("Recent doses")
        for columns, rows in ((80, 24), (20, 5), (100, 30), (200, 60), (120, 40)):
            terminal.resize_window(columns, rows)
        terminal.wait_for_text("Consumption by chemical")
        terminal.send_keys("q")
        terminal.wait_for_text("Quit the console?")
        terminal.send_keys("C-q")


def click_until(terminal: Terminal, place: str, text: str) -> None:
    """Once, or again where a busy machine has drawn the place after the click."""
    for seconds in (5, 5, PATIENCE_S):
        with suppress(AssertionError, ValueError):  # of a place that has gone
            terminal.click_text(place)
            terminal.wait_for_text(text, seconds)
            return
    pytest.fail(f"A click on {place!r} does not lead to {text!r}.")


@needs_tmux
def test_the_mouse_presses_keys_on_the_footer_in_dialogs_and_on_the_banner(tmp_path: Path) -> None:
    with run_program(tmp_path, env=nothing_there(tmp_path)) as terminal:
        terminal.wait_for_text("DB down")
        assert terminal.takes_mouse()
        for place, text in (
            ("Tanks", "Tank levels"), ("Screens", "All at a glance"), ("All at a glance", "Recent doses"),
            ("Database down", "› Alarms"),
            ("Journal", "Newest"), ("Back", "› Overview"), ("Range", "Last 6 hours"),
            ("This week", "Range this week"),
        ):  # fmt: skip
            click_until(terminal, place, text)
        terminal.click_text("Help")
        terminal.wait_for_text("Other page")
        terminal.click_text("Close")
        wait_until(lambda: "Other page" not in terminal.read_screen())
        terminal.send_keys("C-q")


def leave_for_data(terminal: Terminal) -> bool:
    """``esc``, and ``7`` once the screen below has had time to be drawn: one typed before is dropped."""
    for key in (b"\x1b", b"7"):
        terminal.send_bytes(key)
        time.sleep(0.3)
    return "Readings of process" in terminal.read_screen()


@needs_tmux
def test_double_taps_that_arrive_in_one_read_leave_the_screen_below_as_it_is(tmp_path: Path) -> None:
    with run_program(tmp_path, env=nothing_there(tmp_path)) as terminal:
        terminal.wait_for_text("DB down")
        for key, text, packet in (
            (b"g", "Last 6 hours", b"11"), (b"g", "Last 6 hours", b"\r\r"), (b"/", "Filters", b"\r\r"),
            (b"?", "Other page", b"  "), (b"S", "Refresh", b"SS"), (b"a", "› Alarms", b"22"),
            (b"b", "› Batches", b"22"), (b"", "", b"g11"), (b"", "", b"/\r\r"), (b"", "", b"aaa"),
        ):  # fmt: skip
            terminal.send_bytes(key or b"1")
            terminal.wait_for_text(text)
            terminal.send_bytes(packet)
            terminal.wait_for_text("Plant 1")
            wait_until(lambda: leave_for_data(terminal), why=terminal.read_screen)
            terminal.send_bytes(b"1")
            terminal.wait_for_text("› Overview")
        terminal.send_keys("C-q")


@needs_tmux
def test_the_console_is_drawn_in_ascii_and_leaves_the_mouse_to_a_terminal_that_has_no_more(
    tmp_path: Path,
) -> None:
    env = {**nothing_there(tmp_path), "PYTHONIOENCODING": "latin-1"}
    with run_program(tmp_path, "--no-mouse", env=env) as terminal:
        screen = terminal.wait_for_text("DB down")
        assert "+- Inventory -" in screen
        assert screen.isascii()
        assert not terminal.takes_mouse()
        terminal.send_keys("C-q")


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGHUP, signal.SIGINT])
def test_a_signal_ends_the_console_and_restores_the_terminal(tmp_path: Path, number: signal.Signals) -> None:
    with start_console(tmp_path) as recorder:
        raw = termios.tcgetattr(recorder.terminal)
        recorder.program.send_signal(number)
        assert recorder.status(PATIENCE_S) == 128 + number
        assert b"\x1b[?1049l" in recorder.recorded
        assert b"\x1b[?25h" in recorder.recorded
        assert b"Traceback" not in recorder.recorded
        restored = termios.tcgetattr(recorder.terminal)
        assert not raw[3] & termios.ICANON
        assert restored[3] & termios.ICANON
        assert restored[3] & termios.ECHO


def test_a_terminal_that_is_gone_ends_the_console_even_where_hangups_are_ignored(tmp_path: Path) -> None:
    with start_console(tmp_path, before=_IGNORES_HANGUPS) as recorder:
        os.close(recorder.terminal)
        wait_until(lambda: recorder.program.poll() is not None)
        assert recorder.program.returncode == 128 + signal.SIGHUP


def test_keys_that_cannot_be_read_cost_no_other_key_and_are_named_in_the_log_alone(tmp_path: Path) -> None:
    def count_failures() -> int:
        return (tmp_path / "console.log").read_text(encoding="utf-8").count("console part keyboard failed")

    with start_console(tmp_path) as recorder:
        for number, keys in enumerate((b"\xe4\xf6", b"\x1b[97;5:3u", b"\x1b[9999999999u")):
            # letters of Latin-1, the release of a key, and a number that is no character's
            recorder.press(keys)
            while count_failures() == number:
                recorder.watch(0.1)
                recorder.press(b"t")  # completes what may be the beginning of a character
            recorder.press(b"7")
            recorder.wait_for("Readings of process")
            recorder.press(b"1")
            recorder.wait_for("Recent doses")
        recorder.press(b"\x11")
        assert recorder.status(PATIENCE_S) == 0
    assert b"Traceback" not in recorder.recorded
    assert b"psycopg" not in recorder.recorded
    assert "console ends with status 0" in (tmp_path / "console.log").read_text(encoding="utf-8")


def test_a_terminal_that_takes_nothing_cannot_hold_the_program(tmp_path: Path) -> None:
    with start_console(tmp_path) as recorder:
        for _ in range(200):
            # each key repaints everything, and nobody reads it
            recorder.press(b"t")
        recorder.program.send_signal(signal.SIGTERM)
        wait_until(lambda: recorder.program.poll() is not None)
        assert recorder.program.returncode == 128 + signal.SIGTERM


def test_a_console_that_was_continued_again_and_again_ends_with_its_terminal(tmp_path: Path) -> None:
    with start_console(tmp_path) as recorder:
        for _ in range(20):
            recorder.program.send_signal(signal.SIGCONT)  # the kernel sends it with the hangup, too
            recorder.watch(0.2)
        os.close(recorder.terminal)
        wait_until(lambda: recorder.program.poll() is not None)
        assert recorder.program.returncode == 128 + signal.SIGHUP


def test_a_terminal_that_does_not_wait_stops_no_picture(tmp_path: Path) -> None:
    with start_console(tmp_path, before=_DOES_NOT_WAIT) as recorder:
        for _ in range(60):
            recorder.press(b"t")  # nobody reads what each of them draws
        recorder.press(b"7")
        recorder.wait_for("Readings of process")
        recorder.press(b"\x11")
        assert recorder.status(PATIENCE_S) == 0


def test_ctrl_c_and_ctrl_z_while_it_ends_neither_abort_nor_wake_the_console(tmp_path: Path) -> None:
    with start_console(tmp_path) as recorder:
        recorder.press(b"\x11")
        while recorder.program.poll() is None:
            recorder.watch(0.05)
            recorder.press(b"\x03\x1a")
        assert recorder.status(PATIENCE_S) == 0
    assert b"Aborted" not in recorder.recorded
    assert b"Traceback" not in recorder.recorded


_FAILING = """
import sys
from dosing_tui.tui.coordination import page_opener
from dosing_tui.tui.screens import dashboard_screen
def fail(self):
    password = "hunter2 is secret"
    raise TypeError("a mistake in this program")
{part} = fail
sys.argv = ["dosing-tui"]
from dosing_tui.cli.main import main
main()
"""
"""A console with a mistake in a part of it."""


@contextmanager
def start_failing_console(folder: Path, part: str) -> Iterator[Recorder]:
    """``part``: what raises, a method of a screen or of what opens one."""
    environment = {**os.environ, **nothing_there(folder), "TERM": "xterm-256color"}
    with Recorder([sys.executable, "-c", _FAILING.format(part=part)], LARGE, environment) as recorder:
        yield recorder


def expect_no_variables(recorder: Recorder, folder: Path) -> None:
    """The mistake is named on the terminal and in the log, and neither holds a variable's value."""
    logged = (folder / "console.log").read_text(encoding="utf-8")
    for text in (recorder.recorded.decode(errors="replace"), logged):
        assert "hunter2" not in text.replace('password = "hunter2', "")
        assert "a mistake in this program" in " ".join(text.split())


def test_a_mistake_behind_a_key_is_said_without_showing_what_its_variables_hold(tmp_path: Path) -> None:
    with start_failing_console(tmp_path, "page_opener.PageOpener.open_help") as recorder:
        recorder.wait_for("DB down")
        recorder.press(b"?")
        recorder.wait_for("The key question_mark failed: TypeError")
        recorder.press(b"7")
        recorder.wait_for("Readings of process")
        recorder.press(b"\x11")
        assert recorder.status(PATIENCE_S) == 0
        expect_no_variables(recorder, tmp_path)


def test_a_mistake_of_the_program_ends_it_without_showing_what_its_variables_hold(tmp_path: Path) -> None:
    """There is no screen to go back to below the first one."""
    with start_failing_console(tmp_path, "dashboard_screen.DashboardScreen.compose") as recorder:
        assert recorder.status(PATIENCE_S) == 1
        expect_no_variables(recorder, tmp_path)
        assert b"The console failed: TypeError" in recorder.recorded
        assert b"\x1b[?1049l" in recorder.recorded
