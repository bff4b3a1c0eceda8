"""Creates a PostgreSQL data folder, and reads the server's log."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from signal import SIGKILL
from typing import IO

from msgspec import Struct

from dosing_tui.demo.servers.child_processes import ServiceAccount, spawn_child, stop_process
from dosing_tui.demo.servers.postgres_binaries import PostgresBinaries
from dosing_tui.errors import DemoError

SUPERUSER = "dosing"
"""The cluster's only role, and its superuser."""
INITDB_TIMEOUT_S = 120.0
MAX_LOG_BYTES = 4 << 20
"""Maximum of the server's log in bytes; a start above it begins a new log."""


class ServerLog(Struct, frozen=True):
    """A log and the offset of this run in it."""

    path: Path
    output: IO[bytes]
    start_offset: int

    def find_error_line(self) -> str:
        """The first fatal line of this run, else its last line."""
        lines = [line.strip() for line in self.read_output().splitlines() if line.strip()]
        fatal = [line for line in lines if re.search(r"\b(FATAL|PANIC|error):", line)]
        return (fatal or lines[-1:] or ["its log is empty."])[0]

    def read_output(self) -> str:
        with self.path.open("rb") as log:
            log.seek(self.start_offset)
            return log.read().decode(errors="replace")


@contextmanager
def open_server_log(path: Path) -> Iterator[ServerLog]:
    if path.exists() and path.stat().st_size > MAX_LOG_BYTES:
        path.replace(path.with_suffix(".log.old"))
    with path.open("ab") as output:
        yield ServerLog(path, output, output.tell())


def find_major_version(home: Path) -> int | None:
    """Major version of the newest cluster in ``home``, by its PG_VERSION."""
    versions = [path.read_text().strip() for path in home.glob("pg*/PG_VERSION")]
    return max((int(version) for version in versions if version.isdigit()), default=None)


def create_cluster(
    binaries: PostgresBinaries, data: Path, account: ServiceAccount | None, log: ServerLog
) -> None:
    """Create it under another name and rename it when complete: no start uses an incomplete cluster.

    Raises: DemoError.
    """
    half = data.with_name(f"making-{data.name}")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    if account:
        os.chown(half, account.uid, account.gid)
    _run_initdb(binaries, half, account, log)
    half.rename(data)


def _run_initdb(
    binaries: PostgresBinaries, data: Path, account: ServiceAccount | None, log: ServerLog
) -> None:
    where: list[str | Path] = [binaries.bin / "initdb", "-D", data]
    command = [*where, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--locale=C", "-N"]
    process = spawn_child(command, output=log.output, death_signal=SIGKILL, account=account)
    try:
        failed = process.wait(INITDB_TIMEOUT_S) != 0
    except subprocess.TimeoutExpired as error:
        raise DemoError(f"PostgreSQL's initdb did not finish within {INITDB_TIMEOUT_S:.0f} s.") from error
    finally:
        stop_process(process, (SIGKILL, 5.0))
    if failed:
        raise DemoError(f"PostgreSQL's initdb failed: {log.find_error_line()} See {log.path}.")
