"""A private PostgreSQL server in a folder: created, started, stopped; it never outlives its owner."""

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

from dosing_tui.demo.servers.child_processes import (
    ServiceAccount,
    find_first_account,
    list_children,
    run_program,
    spawn_child,
    stop_process,
    wait_for_exit,
)
from dosing_tui.demo.servers.folders import lock_file, make_reachable_folder, make_socket_folder
from dosing_tui.demo.servers.postgres_binaries import COPIES, ensure_reachable, find_binaries
from dosing_tui.demo.servers.postgres_cluster import (
    SUPERUSER,
    create_cluster,
    find_major_version,
    open_server_log,
)
from dosing_tui.demo.servers.stale_postgres import stop_stale_server
from dosing_tui.errors import DemoError

DATABASE_NAME = "factory_metrics"
DEFAULT_PORT = 5432
START_TIMEOUT_S = 60.0
WORKER_EXIT_TIMEOUT_S = 10.0
STOP_SIGNALS = ((SIGINT, 20.0), (SIGQUIT, 5.0), (SIGKILL, 5.0))
DEFAULT_SETTINGS = {
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
    """``folder/pg<major>`` holds the data, ``folder/postgres.log`` the server's log.

    Listens on a unix socket in a private folder, and on 127.0.0.1:``port`` if one is given; every client is
    trusted. Started by root it runs as ``postgres`` or ``nobody``; files that this account cannot reach are
    under /var/lib/dosing-tui-demo.
    Start it from a long-lived thread: the kernel stops the server at that thread's end.
    """

    folder: Path
    port: int | None = None
    settings: Mapping[str, str] = field(default_factory=dict)
    _process: subprocess.Popen[bytes] | None = None
    _lock_handle: IO[bytes] | None = None
    _socket_folder: Path = Path()
    _programs: Path = Path()

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
        host = str(self._socket_folder).replace("\\", "\\\\").replace("'", "\\'")
        return f"host='{host}' port={self.port or DEFAULT_PORT} user={SUPERUSER} dbname={DATABASE_NAME}"

    @property
    def pid(self) -> int:
        """The server's process id; 0 while it does not run."""
        return self._process.pid if self._process and self._process.poll() is None else 0

    def start(self) -> None:
        """Raises: DemoError."""
        taken = f"The database in {self.folder} is in use by another process."
        self._lock_handle = lock_file(self.folder / "postgres.lock", taken)
        try:
            self._start_server(choose_server_account())
        except OSError as error:
            self.stop()
            raise DemoError(f"The folder {self.folder} cannot be used: {error}.") from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Fast shutdown; harmless if it does not run."""
        if self._process:
            stop_process(self._process, *STOP_SIGNALS)
            self._process = None
        if self._socket_folder != Path():
            self._remove_sockets()
        if self._lock_handle:
            self._lock_handle.close()
            self._lock_handle = None

    def kill(self) -> None:
        """Like a crash: no shutdown, no clean-up. Returns when its worker processes have ended."""
        if self._process:
            workers = list_children(self._process.pid)
            self._process.kill()
            self._process.wait()
            wait_for_exit(workers, WORKER_EXIT_TIMEOUT_S)

    def restart(self) -> None:
        """Stop if it runs, and start again on the same data and address."""
        self.stop()
        self.start()

    def _start_server(self, account: ServiceAccount | None) -> None:
        home = make_reachable_folder(self.folder, account, COPIES) if account else self.folder
        binaries = find_binaries(find_major_version(home))
        if account:
            binaries = ensure_reachable(binaries, account)
        data = home / f"pg{binaries.major}"
        self._programs, self._socket_folder = binaries.bin, make_socket_folder(data, account)
        with open_server_log(self.folder / "postgres.log") as log:
            if not data.exists():
                create_cluster(binaries, data, account, log)
            stop_stale_server(data)
        self._launch_server([binaries.bin / "postgres", "-D", data, *self._list_options()], account)
        self._create_database()

    def _launch_server(self, command: list[str | Path], account: ServiceAccount | None) -> None:
        deadline = time.monotonic() + START_TIMEOUT_S
        while True:
            with open_server_log(self.folder / "postgres.log") as log:
                self._process = spawn_child(command, output=log.output, death_signal=SIGINT, account=account)
                if self._wait_until_ready(deadline):
                    return
                # workers of a killed server may still hold its shared memory
                if "pre-existing shared memory block" not in log.read_output() or time.monotonic() > deadline:
                    raise DemoError(f"PostgreSQL does not start: {log.find_error_line()} See {log.path}.")
            time.sleep(0.05)

    def _list_options(self) -> Iterator[str]:
        addresses = "127.0.0.1" if self.port else ""
        sockets = str(self._socket_folder).replace('"', '""')  # quoted: the setting is a list with commas
        where = {"unix_socket_directories": f'"{sockets}"', "listen_addresses": addresses}
        for name, value in {
            **DEFAULT_SETTINGS,
            **where,
            "port": str(self.port or DEFAULT_PORT),
            **self.settings,
        }.items():
            yield from ("-c", f"{name}={value}")

    def _wait_until_ready(self, deadline: float) -> bool:
        """True once it accepts connections, False if it ended or took too long."""
        while self.pid and time.monotonic() < deadline:
            if self._run_client("pg_isready", "-q").returncode == 0:
                return True
            time.sleep(0.01)
        return False

    def _create_database(self) -> None:
        result = self._run_client("createdb", DATABASE_NAME)
        if result.returncode != 0 and "already exists" not in result.stderr:
            raise DemoError(f"PostgreSQL's createdb failed: {result.stderr.strip()}")

    def _run_client(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """One of PostgreSQL's own client programs, over the unix socket."""
        where = ("-h", self._socket_folder, "-p", str(self.port or DEFAULT_PORT), "-U", SUPERUSER)
        return run_program([self._programs / program, *where, *arguments])

    def _remove_sockets(self) -> None:
        """Only a killed server leaves any."""
        with suppress(OSError):
            for socket_file in self._socket_folder.glob(".s.PGSQL.*"):
                socket_file.unlink()
            self._socket_folder.rmdir()


def choose_server_account() -> ServiceAccount | None:
    """Account of the server: None for the current user, an unprivileged one if that is root.

    Raises: DemoError.
    """
    if os.geteuid() != 0:
        return None
    account = find_first_account(("postgres", "nobody"))
    if account is None:
        raise DemoError("PostgreSQL does not run as root, and there is no user 'postgres' or 'nobody'.")
    return account
