"""How much the console writes to its terminal: what a slow line has to carry. Shown with -s.

BENCHMARK_SECONDS (default 15) is how long each is measured.
"""

import fcntl
import os
import pty
import select
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

SECONDS = float(os.environ.get("BENCHMARK_SECONDS", "15"))
SETTLE_S = 10.0
"""Start-up and the first answers are not counted."""
COLUMNS, ROWS = 120, 40

pytestmark = pytest.mark.benchmark


@pytest.mark.parametrize(
    ("doses_per_second", "most"), [(0.0, 1_000), (0.2, 4_000), (1.0, 10_000)], ids=["idle", "calm", "busy"]
)
def test_bytes_a_second(doses_per_second: float, most: int, capsys: pytest.CaptureFixture[str]) -> None:
    with console(doses_per_second) as terminal:
        start = drain(terminal, SETTLE_S)
        written = drain(terminal, SECONDS)
    rate = written / SECONDS
    with capsys.disabled():
        sys.stdout.write(
            f"\n{doses_per_second:g} doses/s, {COLUMNS}x{ROWS}: {rate:,.0f} bytes/s, start {start:,} bytes\n"
        )
    assert 0 < rate <= most


@contextmanager
def console(doses_per_second: float) -> Iterator[int]:
    """The console in a pseudo-terminal; yields the terminal's end of it."""
    outer, inner = pty.openpty()
    fcntl.ioctl(inner, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    command = [sys.executable, "-m", "tests.console.shown", str(doses_per_second)]
    environment = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    environment.pop("COLUMNS", None)
    environment.pop("LINES", None)
    process = subprocess.Popen(
        command, stdin=inner, stdout=inner, stderr=inner, env=environment, start_new_session=True
    )
    os.close(inner)
    try:
        yield outer
    finally:
        process.terminate()
        drain(outer, 0.5)
        process.wait(10)
        os.close(outer)


def drain(terminal: int, seconds: float) -> int:
    """Read everything that comes within a time; how many bytes that was."""
    end, count = time.monotonic() + seconds, 0
    while (left := end - time.monotonic()) > 0:
        if select.select([terminal], [], [], left)[0]:
            try:
                count += len(os.read(terminal, 1 << 16))
            except OSError:
                return count
    return count
