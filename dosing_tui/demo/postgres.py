"""An own PostgreSQL server in a folder: made, started, stopped; gone when its owner is, however that ends."""

import os
import re
import shutil
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT
from types import TracebackType
from typing import IO

from dosing_tui.demo import wire
from dosing_tui.demo.binaries import COPIES, Binaries, find_binaries, reachable
from dosing_tui.demo.children import Account, end, first_account, spawn
from dosing_tui.demo.folders import lock, reachable_folder, socket_folder
from dosing_tui.demo.leftovers import clear_leftover
from dosing_tui.errors import DemoError

USER = "dosing"
DATABASE = "factory_metrics"
PORT = 5432
START_S = 60.0
LOG_LIMIT = 4 << 20
"""Bytes of the server's log past which a start begins a new one."""
STOP = ((SIGINT, 20.0), (SIGQUIT, 5.0), (SIGKILL, 5.0))
SETTINGS = {
    "max_connections": "40",
    "shared_buffers": "64MB",
    "wal_level": "minimal",
    "max_wal_senders": "0",
    "max_wal_size": "256MB",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "jit": "off",
}


@dataclass(slots=True)
class EmbeddedPostgres:
    """``folder/pg<major>`` holds the data, ``folder/postgres.log`` what the server says.

    Listens on a unix socket in a private folder, and on 127.0.0.1:``port`` if one is given; trusts whoever
    reaches it. As root it runs as ``postgres`` or ``nobody``; data and programs that account cannot reach live
    under /var/lib/dosing-tui.
    Start it from a thread that lasts: the kernel ties the server to that thread.
    """

    folder: Path
    port: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _lock: IO[bytes] | None = None
    _sockets: Path = Path()

    def __enter__(self) -> "EmbeddedPostgres":
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        self.stop()

    @property
    def dsn(self) -> str:
        """A libpq connection string for the unix socket; needs no password."""
        return f"host='{self._sockets}' port={self.port or PORT} user={USER} dbname={DATABASE}"

    @property
    def tcp_dsn(self) -> str:
        """The same over 127.0.0.1; only with a ``port``."""
        return f"host=127.0.0.1 port={self.port} user={USER} dbname={DATABASE}"

    @property
    def pid(self) -> int:
        """The server's process id; 0 while it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    def start(self) -> None:
        """Raises: DemoError."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self._lock = lock(
            self.folder / "postgres.lock", f"The database in {self.folder} is in use by another process."
        )
        try:
            self._start(server_account())
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Fast shutdown; harmless if it does not run."""
        if self._process:
            end(self._process, *STOP)
            self._process = None
        with suppress(OSError):
            if self._sockets != Path():
                self._sockets.rmdir()
        if self._lock:
            self._lock.close()
            self._lock = None

    def kill(self) -> None:
        """As a crash would: no shutdown, no clean files."""
        if self._process:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        """Stop if it runs, and start again on the same data and address."""
        self.stop()
        self.start()

    def _start(self, account: Account | None) -> None:
        home = reachable_folder(self.folder, account, COPIES) if account else self.folder
        binaries = find_binaries(_major_of(home))
        if account:
            binaries = reachable(binaries, account)
        data = home / f"pg{binaries.major}"
        self._sockets = socket_folder(data, account)
        with _log(self.folder) as log:
            if not (data / "PG_VERSION").exists():
                _initdb(binaries, data, account, log)
            clear_leftover(data)
            self._run(binaries, data, account, log)
        self._make_database()

    def _run(self, binaries: Binaries, data: Path, account: Account | None, log: IO[bytes]) -> None:
        deadline = time.monotonic() + START_S
        command: list[str | Path] = [binaries.bin / "postgres", "-D", data, *self._options()]
        while True:
            said_before = log.tell()
            self._process = spawn(command, output=log, dies_by=SIGINT, account=account)
            if self._answers(deadline):
                return
            said = _said(self.folder, said_before)
            # the last server's workers may take a moment to notice that it was killed
            if "pre-existing shared memory block" not in said or time.monotonic() > deadline:
                raise DemoError(
                    f"PostgreSQL does not start: {_complaint(said)} See {self.folder / 'postgres.log'}."
                )
            time.sleep(0.05)

    def _options(self) -> Iterator[str]:
        addresses = "127.0.0.1" if self.port else ""
        # the server splits the list of folders at commas, unless quoted
        where = {"unix_socket_directories": f'"{self._sockets}"', "listen_addresses": addresses}
        for name, value in {**SETTINGS, **where, "port": str(self.port or PORT), **self.settings}.items():
            yield from ("-c", f"{name}={value}")

    def _answers(self, deadline: float) -> bool:
        """True once it lets us in, False if it ended or took too long."""
        while self.pid and time.monotonic() < deadline:
            with suppress(wire.NotReadyError):
                wire.run(self._socket, USER, "postgres")
                return True
            time.sleep(0.01)
        return False

    def _make_database(self) -> None:
        try:
            wire.run(self._socket, USER, DATABASE)
        except wire.NotReadyError:
            wire.run(self._socket, USER, "postgres", f"CREATE DATABASE {DATABASE}")

    @property
    def _socket(self) -> Path:
        return self._sockets / f".s.PGSQL.{self.port or PORT}"


def server_account() -> Account | None:
    """Whom the server runs as: None for the current user, somebody else when that is root.

    Raises: DemoError.
    """
    if os.geteuid() != 0:
        return None
    account = first_account(("postgres", "nobody"))
    if account is None:
        raise DemoError(
            "PostgreSQL refuses to run as root, and there is no user 'postgres' or 'nobody' to run it as."
        )
    return account


def _major_of(home: Path) -> int | None:
    """The newest cluster already there, by its own word."""
    found = [path.read_text().strip() for path in home.glob("pg*/PG_VERSION")]
    return max((int(version) for version in found if version.isdigit()), default=None)


def _initdb(binaries: Binaries, data: Path, account: Account | None, log: IO[bytes]) -> None:
    """Into a folder beside, renamed when complete: a half-made cluster is never mistaken for one."""
    half = data.with_name(f"{data.name}.making")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    if account:
        os.chown(half, account.uid, account.gid)
    locale = ("-E", "UTF8", "--locale=C")
    command: list[str | Path] = [
        binaries.bin / "initdb",
        "-D",
        half,
        "-U",
        USER,
        "-A",
        "trust",
        *locale,
        "-N",
    ]
    said_before = log.tell()
    process = spawn(command, output=log, dies_by=SIGKILL, account=account)
    try:
        if process.wait(START_S):
            raise DemoError(
                f"PostgreSQL's initdb failed: {_complaint(_said(Path(log.name).parent, said_before))}"
            )
    except subprocess.TimeoutExpired as error:
        raise DemoError(f"PostgreSQL's initdb did not end within {START_S:.0f} s.") from error
    finally:
        end(process, (SIGKILL, 5.0))
    half.rename(data)


@contextmanager
def _log(folder: Path) -> Iterator[IO[bytes]]:
    path = folder / "postgres.log"
    if path.exists() and path.stat().st_size > LOG_LIMIT:
        path.replace(path.with_suffix(".log.old"))
    with path.open("ab") as log:
        yield log


def _said(folder: Path, since: int) -> str:
    with (folder / "postgres.log").open("rb") as log:
        log.seek(since)
        return log.read().decode(errors="replace")


def _complaint(said: str) -> str:
    """The sentence that tells most: the first fatal line, else the last line."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    fatal = [line for line in lines if re.search(r"\b(FATAL|PANIC|error):", line)]
    return (fatal or lines[-1:] or ["it said nothing."])[0]
