"""The demo with its screen, on a real terminal."""

import os
import pty
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from signal import SIGKILL, SIGTERM

import pytest

from dosing_tui.tui.app.ordered_input import FRAME_TIMEOUT_S
from tests.support import tmux_terminal
from tests.support.database_servers import reachable_temp, skip_absent
from tests.support.os_processes import is_alive, list_children
from tests.support.polling import wait_until
from tests.support.tmux_terminal import Terminal

QUIET = ("--rate", "0.05", "--devices", "2")


@pytest.fixture
def folder() -> Iterator[Path]:
    with reachable_temp() as folder:
        yield folder / "a demo"


def demo_on_screen(folder: Path, *options: str) -> AbstractContextManager[Terminal]:
    # what a killed demo cannot tidy up is gone with the test's folder
    own = {"TMPDIR": str(folder.parent)}
    return tmux_terminal.run_program(
        folder.parent, *options, "demo", "--folder", str(folder), *QUIET, env=own
    )


@pytest.fixture
def screen(folder: Path, request: pytest.FixtureRequest) -> Iterator[Terminal]:
    """A demo whose console is drawn, with the past in its charts."""
    if tmux_terminal.FOUND is None:
        skip_absent(request, "tmux is not installed")
    with demo_on_screen(folder) as window:
        window.wait_for_text("Demo plant")
        window.wait_for_text("CU-85")
        yield window


def test_it_begins_with_a_past_and_a_live_plant(screen: Terminal) -> None:
    screen.wait_for_text("collecting")


def test_q_takes_everything_down(screen: Terminal) -> None:
    demo, started = screen.get_pid(), list_children(screen.get_pid())
    assert started
    screen.send_keys("q")
    screen.wait_for_text("Quit the console?")
    time.sleep(FRAME_TIMEOUT_S)  # a key before it is not for the question
    screen.send_keys("y")
    wait_until(
        lambda: not [pid for pid in (demo, *started) if is_alive(pid)], why="the demo or its servers go on"
    )


@pytest.mark.parametrize("signal", [SIGTERM, SIGKILL])
def test_no_server_outlives_it(screen: Terminal, signal: int) -> None:
    demo, started = screen.get_pid(), list_children(screen.get_pid())
    os.kill(demo, signal)
    wait_until(
        lambda: not [pid for pid in (demo, *started) if is_alive(pid)], why="the demo or its servers go on"
    )


def test_the_consoles_options_hold_for_the_demo_too(folder: Path, request: pytest.FixtureRequest) -> None:
    if tmux_terminal.FOUND is None:
        skip_absent(request, "tmux is not installed")
    with demo_on_screen(folder, "--glyphs", "ascii") as window:
        assert window.wait_for_text("Demo plant").isascii()


def test_a_closed_terminal_takes_everything_down(folder: Path, request: pytest.FixtureRequest) -> None:
    if tmux_terminal.FOUND is None:
        skip_absent(request, "tmux is not installed")
    with demo_on_screen(folder) as window:
        window.wait_for_text("Demo plant")
        demo, started = window.get_pid(), list_children(window.get_pid())
    wait_until(
        lambda: not [pid for pid in (demo, *started) if is_alive(pid)], why="the demo or its servers go on"
    )


def test_it_ends_by_itself_when_its_time_is_over(folder: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "dosing_tui", "demo", "--folder", str(folder), *QUIET, "--duration", "1"]
    process = subprocess.Popen(
        command,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        env={**os.environ, "TERM": "xterm"},
    )
    os.close(theirs)
    reader = threading.Thread(target=read_all, args=(ours,))
    reader.start()
    try:
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()
        reader.join()
        os.close(ours)


def read_all(terminal_end: int) -> None:
    """A terminal that shows nothing, but takes everything."""
    try:
        while os.read(terminal_end, 65536):
            pass
    except OSError:  # how a pty says that its other end is closed
        return


def test_without_a_terminal_it_says_so_before_it_makes_anything(folder: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dosing_tui", "demo", "--folder", str(folder)],
        capture_output=True, text=True, timeout=60, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 2
    assert len(done.stderr.splitlines()) == 1
    assert not folder.exists()
