"""A PgBouncer of the test's own in front of a server of this machine."""

import os
import shutil
import subprocess
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from dosing_tui.demo.servers.mqtt_broker import find_free_port
from tests.support.database_servers import reachable_temp, skip_absent
from tests.support.polling import wait_until

PROGRAM = shutil.which("pgbouncer") or shutil.which("pgbouncer", path="/usr/sbin")

StartPooler = Callable[..., str]
"""Takes a server's connection string, and settings of PgBouncer; returns the connection string through it."""


@pytest.fixture
def start_pooler(request: pytest.FixtureRequest) -> Iterator[StartPooler]:
    if PROGRAM is None:
        skip_absent(request, "PgBouncer is not installed")
    with ExitStack() as running:
        yield lambda dsn, **settings: running.enter_context(run_pgbouncer(dsn, **settings))


@contextmanager
def run_pgbouncer(dsn: str, **settings: str) -> Iterator[str]:
    """Its ``settings`` are those of the section [pgbouncer], beside its own defaults."""
    assert PROGRAM
    server, port = conninfo_to_dict(dsn), find_free_port()
    # not root, and one that may enter the folder of the server's socket
    account = Path(str(server["host"])).stat().st_uid if os.geteuid() == 0 else None
    with reachable_temp() as folder:
        config = write_config(
            folder, server, {"listen_addr": "127.0.0.1", "listen_port": str(port), **settings}
        )
        process = subprocess.Popen([PROGRAM, "--quiet", str(config)], user=account)
        through = make_conninfo(dsn, host="127.0.0.1", port=port)
        try:
            wait_until(lambda: is_listening(port))
            yield through
        finally:
            process.kill()  # it keeps nothing; signals for a clean end differ between its versions
            process.wait()


def write_config(folder: Path, server: Mapping[str, object], settings: dict[str, str]) -> Path:
    lines = [
        "[databases]",
        f"* = host={server['host']} port={server.get('port') or 5432} user={server['user']}",
        "[pgbouncer]",
        "auth_type = any",
        "unix_socket_dir =",
        *(f"{name} = {value}" for name, value in settings.items()),
    ]
    config = folder / "pgbouncer.ini"
    config.write_text("\n".join([*lines, ""]))
    return config


def is_listening(port: int) -> bool:
    try:
        psycopg.connect(f"host=127.0.0.1 port={port} user=nobody dbname=pgbouncer").close()
    except psycopg.OperationalError as error:
        return "refused" not in str(error)
    return True
