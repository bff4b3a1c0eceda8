"""Real servers for tests: which there are, and databases on them that live for one test."""

import os
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import make_conninfo

APACHE_DSN = os.environ.get("DOSING_TEST_APACHE_DSN", "")
"""A TimescaleDB server of the Apache edition, as a role that may create databases."""
COMMUNITY_DSN = os.environ.get("DOSING_TEST_COMMUNITY_DSN", "")
"""A TimescaleDB server of the Community edition, as a role that may create databases."""
PG_DUMP = os.environ.get("DOSING_TEST_PG_DUMP", "")
"""The command of a pg_dump for servers newer than the machine's own."""
ANY_DSN = os.environ.get("DOSING_TEST_DSN", "")
"""Any server; the database tests run on it instead of the embedded one."""
MEMORY = Path("/dev/shm")
"""A file system in memory: a server there starts and stops in a third of the time."""
ROOM_BYTES = 4 * 1024**3

_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Server:
    """``dsn`` names a database that is only used to make others, as a role that may."""

    name: str
    dsn: str
    templates: dict[str, str] = field(default_factory=dict)
    """Closed databases to copy, by what they hold."""

    def dsn_of(self, database: str) -> str:
        return make_conninfo(self.dsn, dbname=database)

    def execute_statements(self, *statements: sql.Composed) -> None:
        """Each statement by itself, outside a transaction."""
        with psycopg.connect(self.dsn, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    @contextmanager
    def create_database(self, template: str = "") -> Iterator[str]:
        """The connection string of a new database, empty or a copy; it is dropped afterwards."""
        name = new_name("test")
        self.copy_database(name, template)
        try:
            yield self.dsn_of(name)
        finally:
            self.drop_database(name)

    def get_template(self, holds: str, fill: Callable[[str], object], *, begin_with: str = "") -> str:
        """Filled once by ``fill(dsn)``, then closed: a background worker in it would break the copying.

        ``begin_with``: another template, of which it is a copy before it is filled.
        """
        if holds not in self.templates:
            name = new_name(holds)
            self.copy_database(name, begin_with)
            try:
                fill(self.dsn_of(name))
            except BaseException:
                self.drop_database(name)
                raise
            self._close_template(name)
            self.templates[holds] = name
        return self.templates[holds]

    def copy_database(self, name: str, template: str) -> None:
        """A new database, empty without ``template``."""
        create = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
        if template:
            create += sql.SQL(" TEMPLATE {} STRATEGY file_copy").format(sql.Identifier(template))
        self.execute_statements(create)

    def drop_database(self, name: str) -> None:
        self.execute_statements(
            sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name))
        )

    def drop_templates(self) -> None:
        for name in self.templates.values():
            self.drop_database(name)
        self.templates.clear()

    def _close_template(self, name: str) -> None:
        _put_off_jobs(self.dsn_of(name))
        self.execute_statements(
            sql.SQL("ALTER DATABASE {} WITH ALLOW_CONNECTIONS false").format(sql.Identifier(name)),
            sql.SQL("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = {}").format(name),
        )


def _put_off_jobs(dsn: str) -> None:
    """No job of a copy runs by itself: retention would drop what a test stores of an earlier year.

    Closing the template kills its running jobs, and each copy would begin with their failures.
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        if connection.execute("SELECT 1 FROM pg_extension WHERE extname = 'timescaledb'").fetchone():
            connection.execute("SELECT _timescaledb_functions.stop_background_workers()")
            for table in ("bgw_job_stat", "bgw_job_stat_history"):
                connection.execute(
                    sql.SQL("DELETE FROM _timescaledb_internal.{}").format(sql.Identifier(table))
                )
            connection.execute(
                "SELECT alter_job(job_id, next_start => now() + interval '1 day')"
                "  FROM timescaledb_information.jobs"
                " WHERE job_id >= 1000 AND current_setting('timescaledb.license') = 'timescale'"
            )


def new_name(holds: str) -> str:
    return f"dosing_{holds}_{os.getpid()}_{next(_numbers)}"


def skip_absent(request: pytest.FixtureRequest, reason: str) -> None:
    """Skip the test, or fail it under --require-servers."""
    if request.config.getoption("--require-servers"):
        pytest.fail(reason)
    pytest.skip(reason)


@contextmanager
def reachable_temp(*, durable: bool = False) -> Iterator[Path]:
    """A new folder that a server's own account may enter; root's ``tmp_path`` is not.

    ``durable``: on the disk, for what is measured; else in memory, where that has room.
    """
    place = None if durable or not _has_room(MEMORY) else MEMORY
    with tempfile.TemporaryDirectory(prefix="dosing-test-", dir=place) as name:
        folder = Path(name)
        folder.chmod(0o711)
        yield folder


@contextmanager
def copy_cluster(cluster: Path) -> Iterator[Path]:
    """A folder of a server that has been started before."""
    with reachable_temp() as folder:
        # with the owners of the files
        subprocess.run(("cp", "--archive", f"{cluster}/.", folder), check=True)
        yield folder


def _has_room(place: Path) -> bool:
    try:
        found = os.statvfs(place)
    except OSError:
        return False
    usable = os.access(place, os.W_OK) and not found.f_flag & os.ST_NOEXEC
    return usable and found.f_bavail * found.f_frsize >= ROOM_BYTES
