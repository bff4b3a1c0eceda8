"""Removes leftovers of an ended run in a PostgreSQL folder: a running server, or a stale PID file."""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT, Signals

from dosing_tui.errors import DemoError

STOP_SIGNALS: tuple[tuple[Signals, float], ...] = ((SIGINT, 10.0), (SIGQUIT, 5.0), (SIGKILL, 5.0))


def stop_stale_server(data: Path) -> None:
    """Stop a server that outlived its owner on ``data``; remove the PID file of one that has ended.

    The caller holds the folder's lock. Raises: DemoError.
    """
    pid_file = data / "postmaster.pid"
    with suppress(FileNotFoundError):
        first = pid_file.read_text().partition("\n")[0]
        pid = int(first) if first.isdigit() else 0
        if _is_server_on(pid, data):
            _stop_server(pid, data)
        pid_file.unlink(missing_ok=True)


def _stop_server(pid: int, data: Path) -> None:
    for signal, seconds in STOP_SIGNALS:
        with suppress(ProcessLookupError):
            os.kill(pid, signal)
        deadline = time.monotonic() + seconds
        while time.monotonic() < deadline:
            if not _is_server_on(pid, data):
                return
            time.sleep(0.02)
    raise DemoError(f"Process {pid}, a PostgreSQL server of an earlier run on {data}, does not end.")


def _is_server_on(pid: int, data: Path) -> bool:
    """Is ``pid`` a server on ``data``? By its working folder, or where /proc is missing its command line."""
    if pid <= 0:
        return False
    if Path("/proc/self/cwd").exists():
        with suppress(OSError):
            return Path(os.readlink(f"/proc/{pid}/cwd")) == data.resolve()
        return False
    listing = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    return f"-D {data}" in listing.stdout
