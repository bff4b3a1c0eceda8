"""Making a PostgreSQL data folder, and reading what its server said."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from signal import SIGKILL
from typing import IO

from dosing_tui.demo.servers.child_processes import ServiceAccount, spawn_child, stop_process
from dosing_tui.demo.servers.postgres_binaries import PostgresBinaries
from dosing_tui.errors import DemoError

SUPERUSER = "dosing"
"""The cluster's only role, and its superuser."""
INITDB_TIMEOUT_S = 120.0
MAX_LOG_BYTES = 4 << 20
"""Bytes of the server's log past which a start begins a new one."""


@dataclass(frozen=True, slots=True)
class ServerLog:
    """A log being written, and where in it this run begins."""

    path: Path
    output: IO[bytes]
    start_offset: int

    def find_error_line(self) -> str:
        """The sentence of this run that tells most: its first fatal line, else its last."""
        lines = [line.strip() for line in self.read_output().splitlines() if line.strip()]
        fatal = [line for line in lines if re.search(r"\b(FATAL|PANIC|error):", line)]
        return (fatal or lines[-1:] or ["it said nothing."])[0]

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
    """The newest cluster in ``home``, by its own word."""
    found = [path.read_text().strip() for path in home.glob("pg*/PG_VERSION")]
    return max((int(version) for version in found if version.isdigit()), default=None)


def create_cluster(
    binaries: PostgresBinaries, data: Path, account: ServiceAccount | None, log: ServerLog
) -> None:
    """Made in a folder beside and renamed when complete: a half-made cluster is never mistaken for one.

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
        raise DemoError(f"PostgreSQL's initdb did not end within {INITDB_TIMEOUT_S:.0f} s.") from error
    finally:
        stop_process(process, (SIGKILL, 5.0))
    if failed:
        raise DemoError(f"PostgreSQL's initdb failed: {log.find_error_line()} See {log.path}.")
