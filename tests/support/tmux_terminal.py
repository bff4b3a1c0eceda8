"""The real program on a real terminal: starts it in tmux, presses keys, reads the screen."""

import os
import re
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from tests.support.os_processes import is_alive
from tests.support.polling import PATIENCE_S, wait_until

FOUND = shutil.which("tmux")


@dataclass(frozen=True, slots=True)
class Terminal:
    """One tmux server of the test's own, with one window."""

    socket: Path

    def send_keys(self, *names: str) -> None:
        """As tmux names them: ``q``, ``Enter``, ``C-q``, ``Escape``."""
        self._run_tmux("send-keys", *names)

    def send_bytes(self, data: bytes) -> None:
        """In one write, as a fast typist's keys arrive over a slow line."""
        self._run_tmux("send-keys", "-H", *(f"{byte:02x}" for byte in data))

    def click_text(self, text: str) -> None:
        """Press and release the left button on the last place of the text, as xterm reports it (SGR 1006)."""
        lines = self.read_screen().split("\n")
        y = max(number for number, line in enumerate(lines, start=1) if text in line)
        x = lines[y - 1].rindex(text) + 1
        self.send_bytes(f"\x1b[<0;{x};{y}M\x1b[<0;{x};{y}m".encode())

    def takes_mouse(self) -> bool:
        """The program has asked for the mouse."""
        return self._run_tmux("display-message", "-p", "#{mouse_any_flag}").strip() == "1"

    def read_exit_status(self) -> int | None:
        """None while the program runs; otherwise only in a window that stays (``run_program``)."""
        status = self._run_tmux("display-message", "-p", "#{?pane_dead,#{pane_dead_status},}").strip()
        return int(status) if status else None

    def is_full_screen(self) -> bool:
        """The program shows a screen of its own, not lines below the command's."""
        return self._run_tmux("display-message", "-p", "#{alternate_on}").strip() == "1"

    def restart_program(self) -> None:
        """Once it has ended, in a window that stays."""
        self._run_tmux("respawn-pane", "-k")

    def read_screen(self) -> str:
        return self._run_tmux("capture-pane", "-p")

    def resize_window(self, columns: int, rows: int) -> None:
        self._run_tmux("resize-window", "-x", str(columns), "-y", str(rows))

    def wait_for_text(self, text: str, timeout: float = PATIENCE_S) -> str:
        """The screen, once it shows the text."""
        return wait_until(
            lambda: screen if text in (screen := self.read_screen()) else "",
            timeout,
            why=lambda: f"{text!r} does not appear on\n{self.read_screen()}",
        )

    def seconds_until(
        self, has_text_arrived: Callable[[str], bool], timeout: float = PATIENCE_S, *, every: float = 0.02
    ) -> float:
        """How long it takes from now until the screen answers ``has_text_arrived``."""
        begin = time.monotonic()
        wait_until(lambda: has_text_arrived(self.read_screen()), timeout, every=every, why=self.read_screen)
        return time.monotonic() - begin

    @contextmanager
    def copy_output(self, to: Path) -> Iterator["Copy"]:
        """What the program writes, as it writes it: asking tmux costs a process for each look."""
        to.touch()
        self._run_tmux("pipe-pane", f"cat >> {shlex.quote(str(to))}")
        with to.open("rb") as file:
            yield Copy(file)
        self._run_tmux("pipe-pane")

    def get_pid(self) -> int:
        """Of the program in the window."""
        return int(self._run_tmux("display-message", "-p", "#{pane_pid}"))

    def _run_tmux(self, *arguments: str) -> str:
        return _run_tmux(self.socket, *arguments)


@dataclass(frozen=True, slots=True)
class Copy:
    """Bytes that a program has written to its terminal."""

    file: IO[bytes]

    def seconds_until(
        self, row: int, text: str, act: Callable[[], None], timeout: float = PATIENCE_S
    ) -> float:
        """How long it takes from before ``act`` until this text is written into this row, from 1 on."""
        wanted = re.compile(rb"\x1b\[%d;\d+H(?:\x1b\[[\d;]*m)*%s" % (row, re.escape(text.encode())))
        self.file.read()
        begin, written = time.monotonic(), b""
        act()

        def has_text_arrived() -> bool:
            nonlocal written
            written += self.file.read()
            return wanted.search(written) is not None

        wait_until(has_text_arrived, timeout, every=0.005, why=f"{text!r} is not written into row {row}")
        return time.monotonic() - begin


@contextmanager
def run_program(
    folder: Path, *arguments: str, columns: int = 120, rows: int = 40, env: Mapping[str, str] | None = None,
    stays: bool = False,
) -> Iterator[Terminal]:  # fmt: skip
    """``dosing-tui`` with these arguments; afterwards the window is gone, and the program has ended.

    ``stays``: the window stays when the program ends, with what it wrote last.
    """
    socket = folder / "tmux"
    command = shlex.join([sys.executable, "-m", "dosing_tui", *arguments])
    given = [item for name, value in (env or {}).items() for item in ("-e", f"{name}={value}")]
    size = ("-x", str(columns), "-y", str(rows))
    # pytest's own COLUMNS and LINES would win over the window's size
    unset = "unset COLUMNS LINES"
    staying = (";", "set-option", "remain-on-exit", "on") if stays else ()
    _run_tmux(
        socket, "-f", os.devnull, "new-session", "-d", *size, *given, f"{unset}; exec {command}", *staying
    )
    window = Terminal(socket)
    pid = window.get_pid()
    try:
        yield window
    finally:
        subprocess.run(["tmux", "-S", socket, "kill-server"], check=False, capture_output=True)
        wait_until(lambda: not is_alive(pid), why="the program outlives its window")


def _run_tmux(socket: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["tmux", "-S", socket, *arguments], check=True, capture_output=True, encoding="utf-8", timeout=20
    )
    return done.stdout
