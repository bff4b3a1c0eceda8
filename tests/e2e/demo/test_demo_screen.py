"""The demo with its screen, on a real terminal."""

import os
import pty
import subprocess
import sys
import threading
from contextlib import AbstractContextManager, suppress
from pathlib import Path
from signal import SIGKILL, SIGTERM
from subprocess import CalledProcessError

import pytest

from dosing_tui.tui.app.ordered_input import FRAME_TIMEOUT_S
from tests.support import tmux_terminal
from tests.support.database_servers import skip_absent
from tests.support.os_processes import is_alive, list_children
from tests.support.polling import PATIENCE_S, wait_until
from tests.support.tmux_terminal import Terminal

QUIET = ("--rate", "0.05", "--devices", "2")
NEW_DEMO_S = 3 * PATIENCE_S
"""On a busy machine a first start takes longer than anything else."""


def demo_on_screen(folder: Path, *options: str) -> AbstractContextManager[Terminal]:
    # what a killed demo cannot tidy up is gone with the test's folder
    own = {"TMPDIR": str(folder.parent)}
    return tmux_terminal.run_program(
        folder.parent, *options, "demo", "--folder", str(folder), *QUIET, env=own
    )


@pytest.fixture
def _tmux(request: pytest.FixtureRequest) -> None:
    if tmux_terminal.FOUND is None:
        skip_absent(request, "tmux is not installed")


def wait_until_collecting(window: Terminal) -> list[int]:
    """The demo and its servers, once its console says that they work."""
    window.wait_for_text("collecting")
    demo = window.get_pid()
    servers = list_children(demo)
    assert servers
    return [demo, *servers]


def wait_until_gone(processes: list[int]) -> None:
    wait_until(lambda: not any(map(is_alive, processes)), why="the demo or its servers go on")


@pytest.mark.usefixtures("_tmux")
def test_it_begins_with_a_past_and_a_live_plant_and_q_ends_everything(folder: Path) -> None:
    with demo_on_screen(folder) as screen:
        screen.wait_for_text("CU-85", NEW_DEMO_S)
        processes = wait_until_collecting(screen)
        screen.send_keys("q")
        screen.wait_for_text("Quit the console?")
        with suppress(CalledProcessError):  # its window goes with it
            wait_until(lambda: screen.send_keys("y"), every=FRAME_TIMEOUT_S)  # one before it is drawn is none
        wait_until_gone(processes)


@pytest.mark.usefixtures("_tmux")
@pytest.mark.parametrize("signal", [SIGTERM, SIGKILL])
def test_no_server_outlives_it(used_folder: Path, signal: int) -> None:
    with demo_on_screen(used_folder) as screen:
        processes = wait_until_collecting(screen)
        os.kill(processes[0], signal)
        wait_until_gone(processes)


@pytest.mark.usefixtures("_tmux")
def test_the_consoles_options_hold_for_it_and_a_closed_terminal_ends_everything(used_folder: Path) -> None:
    with demo_on_screen(used_folder, "--glyphs", "ascii") as window:
        processes = wait_until_collecting(window)
        assert window.read_screen().isascii()
    wait_until_gone(processes)


def test_it_ends_by_itself_when_its_time_is_over(used_folder: Path) -> None:
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "dosing_tui", "demo", *QUIET, "--duration", "1"]
    command += ["--folder", str(used_folder)]
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
