"""An own PostgreSQL server in a folder: made, started, stopped; gone when its owner is, however that ends."""

import os
import subprocess
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from signal import SIGINT, SIGKILL, SIGQUIT
from types import TracebackType
from typing import IO

from dosing_tui.demo.servers import postgres_ping
from dosing_tui.demo.servers.child_processes import (
    Account,
    children_of,
    end,
    first_account,
    spawn,
    wait_for_end,
)
from dosing_tui.demo.servers.folders import lock, reachable_folder, socket_folder
from dosing_tui.demo.servers.postgres_binaries import COPIES, find_binaries, reachable
from dosing_tui.demo.servers.postgres_cluster import USER, major_of, make_cluster, server_log
from dosing_tui.demo.servers.stale_postgres import clear_leftover
from dosing_tui.errors import DemoError

DATABASE = "factory_metrics"
PORT = 5432
START_S = 60.0
WORKERS_S = 10.0
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
    reaches it. As root it runs as ``postgres`` or ``nobody``; what that account cannot reach lives
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
        host = str(self._sockets).replace("\\", "\\\\").replace("'", "\\'")
        return f"host='{host}' port={self.port or PORT} user={USER} dbname={DATABASE}"

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
        taken = f"The database in {self.folder} is in use by another process."
        self._lock = lock(self.folder / "postgres.lock", taken)
        try:
            self._start(server_account())
        except OSError as error:
            self.stop()
            raise DemoError(f"The folder {self.folder} cannot be used: {error}.") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Fast shutdown; harmless if it does not run."""
        if self._process:
            end(self._process, *STOP)
            self._process = None
        if self._sockets != Path():
            self._remove_sockets()
        if self._lock:
            self._lock.close()
            self._lock = None

    def kill(self) -> None:
        """As a crash would: no shutdown, no clean files. Its workers have noticed when this returns."""
        if self._process:
            workers = children_of(self._process.pid)
            self._process.kill()
            self._process.wait()
            wait_for_end(workers, WORKERS_S)

    def restart(self) -> None:
        """Stop if it runs, and start again on the same data and address."""
        self.stop()
        self.start()

    def _start(self, account: Account | None) -> None:
        home = reachable_folder(self.folder, account, COPIES) if account else self.folder
        binaries = find_binaries(major_of(home))
        if account:
            binaries = reachable(binaries, account)
        data = home / f"pg{binaries.major}"
        self._sockets = socket_folder(data, account)
        with server_log(self.folder / "postgres.log") as log:
            if not data.exists():
                make_cluster(binaries, data, account, log)
            clear_leftover(data)
        self._run([binaries.bin / "postgres", "-D", data, *self._options()], account)
        self._make_database()

    def _run(self, command: list[str | Path], account: Account | None) -> None:
        deadline = time.monotonic() + START_S
        while True:
            with server_log(self.folder / "postgres.log") as log:
                self._process = spawn(command, output=log.output, dies_by=SIGINT, account=account)
                if self._answers(deadline):
                    return
                # the last server's workers may take a moment to notice that it was killed
                if "pre-existing shared memory block" not in log.said() or time.monotonic() > deadline:
                    raise DemoError(f"PostgreSQL does not start: {log.complaint()} See {log.path}.")
            time.sleep(0.05)

    def _options(self) -> Iterator[str]:
        addresses = "127.0.0.1" if self.port else ""
        sockets = str(self._sockets).replace('"', '""')  # quoted: it is a list, parted by commas
        where = {"unix_socket_directories": f'"{sockets}"', "listen_addresses": addresses}
        for name, value in {**SETTINGS, **where, "port": str(self.port or PORT), **self.settings}.items():
            yield from ("-c", f"{name}={value}")

    def _answers(self, deadline: float) -> bool:
        """True once it lets us in, False if it ended or took too long."""
        while self.pid and time.monotonic() < deadline:
            with suppress(postgres_ping.NotReadyError):
                postgres_ping.run(self._socket, USER, "postgres")
                return True
            time.sleep(0.01)
        return False

    def _make_database(self) -> None:
        try:
            postgres_ping.run(self._socket, USER, DATABASE)
        except postgres_ping.NotReadyError:
            postgres_ping.run(self._socket, USER, "postgres", f"CREATE DATABASE {DATABASE}")

    def _remove_sockets(self) -> None:
        """A server removes its own; one that was killed did not."""
        with suppress(OSError):
            for left_over in self._sockets.glob(".s.PGSQL.*"):
                left_over.unlink()
            self._sockets.rmdir()

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
