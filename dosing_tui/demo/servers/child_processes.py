"""Child processes that never outlive their parent, and the account they run as."""

import os
import pwd
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from signal import Signals
from typing import IO

from msgspec import Struct

LAUNCHER_SCRIPT = Path(__file__).with_name("child_launcher.py")


class ServiceAccount(Struct, frozen=True):
    """An unprivileged account, for servers that refuse to run as root."""

    name: str
    uid: int
    gid: int


def find_first_account(names: Sequence[str]) -> ServiceAccount | None:
    """The first of ``names`` that exists on this system."""
    for name in names:
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return ServiceAccount(name, found.pw_uid, found.pw_gid)
    return None


def spawn_child(
    command: Sequence[str | Path],
    *,
    output: IO[bytes],
    death_signal: Signals,
    account: ServiceAccount | None = None,
    env: Mapping[str, str] | None = None,
) -> subprocess.Popen[bytes]:
    """Start ``command`` (an absolute path and its arguments) in its own session: no Ctrl+C of the terminal.

    The kernel sends it ``death_signal`` when the calling thread ends: use a long-lived one.
    """
    who = (account.uid, account.gid) if account else (-1, -1)
    tie = [str(os.getpid()), str(int(death_signal)), *map(str, who)]
    return subprocess.Popen(
        [sys.executable, "-I", "-S", str(LAUNCHER_SCRIPT), *tie, *map(str, command)],
        stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd="/", start_new_session=True,
        env={**_build_minimal_environment(), **(env or {})},
    )  # fmt: skip


def run_program(command: Sequence[str | Path]) -> subprocess.CompletedProcess[str]:
    """Run a short program to its end, without the caller's environment."""
    return subprocess.run(
        command, capture_output=True, text=True, check=False, env=_build_minimal_environment()
    )


def list_children(pid: int) -> list[int]:
    """Process ids of the children; Linux only, else empty."""
    tasks = Path(f"/proc/{pid}/task").glob("*/children")
    return [int(child) for task in tasks for child in task.read_text().split()]


def wait_for_exit(pids: Sequence[int], timeout_s: float) -> None:
    """Wait until these processes have ended, also orphans; at most ``timeout_s``."""
    deadline = time.monotonic() + timeout_s
    while any(Path(f"/proc/{pid}").exists() for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.005)


def stop_process(process: subprocess.Popen[bytes], *steps: tuple[Signals, float]) -> None:
    """Send each signal in turn, waiting its seconds, until the process has ended."""
    for signal, seconds in steps:
        if process.poll() is not None:
            return
        process.send_signal(signal)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired:
            continue


def can_reach(path: Path, account: ServiceAccount) -> bool:
    """May ``account`` enter every folder above ``path``? Access control lists are ignored."""
    folders = {*path.absolute().parents, *path.resolve().parents}
    return all(_can_enter(folder, account) for folder in folders)


def _can_enter(folder: Path, account: ServiceAccount) -> bool:
    status = folder.stat()
    if status.st_uid == account.uid:
        return bool(status.st_mode & 0o100)
    if status.st_gid == account.gid:
        return bool(status.st_mode & 0o010)
    return bool(status.st_mode & 0o001)


def _build_minimal_environment() -> dict[str, str]:
    """Without the caller's PG*, LD_* and locale."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", "HOME": "/"}
