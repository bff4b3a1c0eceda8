"""What a dead run may leave in a PostgreSQL folder: a server still running, or a note of one long gone."""

import os
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT, Signals

from dosing_tui.errors import DemoError

STOP_SIGNALS: tuple[tuple[Signals, float], ...] = ((SIGINT, 10.0), (SIGQUIT, 5.0), (SIGKILL, 5.0))


def stop_stale_server(data: Path) -> None:
    """End a server that its owner's death left on ``data``; forget one whose number is somebody else's now.

    Only for who holds the folder's lock. Raises: DemoError.
    """
    note = data / "postmaster.pid"
    with suppress(FileNotFoundError):
        first = note.read_text().partition("\n")[0]
        pid = int(first) if first.isdigit() else 0
        if _is_server_on(pid, data):
            _stop_server(pid, data)
        note.unlink(missing_ok=True)


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
    """Is ``pid`` a server on ``data``? Its working folder, or else its command line, says so."""
    if pid <= 0:
        return False
    if Path("/proc/self/cwd").exists():
        with suppress(OSError):
            return Path(os.readlink(f"/proc/{pid}/cwd")) == data.resolve()
        return False
    said = subprocess.run(
        ["ps", "-p", str(pid), "-o", "command="], capture_output=True, text=True, check=False
    )
    return f"-D {data}" in said.stdout
