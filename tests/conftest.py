"""Real servers for every test that asks, and nothing of the machine's user in any test."""

import gc
import os
import signal
import sys
import time
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

from dosing_tui.config.settings import DatabaseSettings, Settings
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker, find_free_port, find_mosquitto, start_broker
from dosing_tui.ipc.cycle_search import pause_cycle_search, resume_cycle_search
from tests.support import doctest_files, thorough_tests
from tests.support.cleaned_databases import CleanedDatabases
from tests.support.database_servers import (
    ANY_DSN,
    APACHE_DSN,
    COMMUNITY_DSN,
    Server,
    copy_cluster,
    reachable_temp,
    skip_absent,
)
from tests.support.grafana import grafana_formatter as grafana_formatter  # reads the environment in time
from tests.support.kept_sessions import SessionStore
from tests.support.sizes import FULL_SIZE_VARIABLE

FOREIGN = (
    "PG",
    "DOSING_",
    "TEXTUAL_",
    "XDG_",
    "MQTT_",
    "CREDENTIALS_DIRECTORY",
    "NO_COLOR",
    "FORCE_COLOR",
    "COLORTERM",
)
"""Beginnings of environment variables that would let the user's own set-up into a test."""
OURS = "TEXTUAL_SNAPSHOT_TEMPDIR"
"""Where pytest-textual-snapshot collects what differs, from all of pytest's processes."""
UNSAFE_BUT_FAST = {
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
    "max_connections": "100",
    "autovacuum": "off",
}
"""Data of tests need not survive a power cut; a killed server loses nothing by it."""


# An image may forbid compiled files: each worker would compile everything anew, and each program that a test
# starts, which takes a second of CPU time for a console or a collector
sys.dont_write_bytecode = False
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)

WORKERS_PER_CORE = 2
"""Most tests wait for a server, a timer or a process most of their time."""
MAX_WORKERS = 8
"""Each worker has a database server of its own."""
CYCLE_THRESHOLDS = (10_000, 10, 10)
"""A console that is drawn makes many objects, few of them in a cycle: see ``gc.set_threshold``."""

# On a busy machine an example may take any time; what is asserted has nothing to do with it.
_PATIENT = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("fixed", _PATIENT, max_examples=60, derandomize=True, database=None)
settings.register_profile("random", _PATIENT, max_examples=600, derandomize=False, print_blob=True)
settings.load_profile("fixed")


def pytest_addoption(parser: pytest.Parser, pluginmanager: pytest.PytestPluginManager) -> None:
    parser.addoption(
        "--require-servers",
        action="store_true",
        help="fail, instead of skipping, tests whose server is not present",
    )
    parser.addoption(
        "--full-size",
        action="store_true",
        help="run soak tests and benchmarks at their full size instead of a small one",
    )
    parser.addoption(
        "--thorough",
        action="store_true",
        help="run the exhaustive repetitions, too, that are left out where no path is given",
    )
    pluginmanager.register(doctest_files)
    pluginmanager.register(thorough_tests)


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Workers for ``--numprocesses auto``, the default; benchmarks have the machine for themselves.

    Unit tests do not wait: more workers than cores would only load and collect everything once more.
    """
    if all("benchmarks" in path for path in config.args):
        return 0
    per_core = 1 if all("tests/unit" in path for path in config.args) else WORKERS_PER_CORE
    return min(per_core * (os.cpu_count() or 1), MAX_WORKERS)


def pytest_configure(config: pytest.Config) -> None:
    if config.getoption("numprocesses", None) and not hasattr(config, "workerinput"):
        return  # runs no test itself, and what it removed its workers would miss: the servers to test on
    pause_cycle_search()
    for name in [name for name in os.environ if name.startswith(FOREIGN) and name != OURS]:
        del os.environ[name]
    if config.getoption("full_size"):
        os.environ[FULL_SIZE_VARIABLE] = "1"
    os.environ["TZ"] = "UTC"
    time.tzset()
    # started in the background, or by nohup, programs under test would ignore Ctrl+C, or a closed terminal
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.signal(signal.SIGHUP, signal.SIG_DFL)


def pytest_collection_finish() -> None:
    """What was imported and collected stays until the end: no search for cycles goes through it again."""
    resume_cycle_search()
    gc.set_threshold(*CYCLE_THRESHOLDS)


def pytest_sessionfinish() -> None:
    """Search once for what is unused: pytest does it five times, through all that is still in use."""
    gc.collect()
    gc.freeze()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """``flavour``: the test runs once on each kind of database server."""
    if "flavour" in metafunc.fixturenames:
        names = ["plain", "timescale-apache"]
        names += [name for name, dsn in (("timescale-community", COMMUNITY_DSN), ("any", ANY_DSN)) if dsn]
        metafunc.parametrize("flavour", names, indirect=True, scope="session")


@pytest.fixture(scope="session")
def _homes(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder for each test's home in turn: ``mktemp`` would look through those before it each time."""
    folder = tmp_path_factory.mktemp("homes")
    return (folder / str(number) for number in count())


@pytest.fixture(autouse=True)
def _own_home(_homes: Iterator[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """Configuration, state, logs and caches go to a folder of the test's own."""
    home = next(_homes)
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    for name, place in {
        "CONFIG": ".config",
        "DATA": ".local/share",
        "STATE": ".local/state",
        "CACHE": ".cache",
    }.items():
        monkeypatch.setenv(f"XDG_{name}_HOME", str(home / place))


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """The folder of a server that has been started once, to copy: most of a first start is initdb."""
    with reachable_temp() as folder:
        with EmbeddedPostgres(folder, settings=UNSAFE_BUT_FAST):
            pass
        yield folder


@pytest.fixture(scope="session")
def embedded(cluster: Path) -> Iterator[Server]:
    """The embedded PostgreSQL, on a unix socket."""
    with copy_cluster(cluster) as folder, EmbeddedPostgres(folder, settings=UNSAFE_BUT_FAST) as server:
        yield from _serve_databases(Server("plain", server.dsn))


@pytest.fixture(scope="session")
def postgres(request: pytest.FixtureRequest) -> Iterator[Server]:
    """The server database tests run on: DOSING_TEST_DSN, else the embedded one."""
    if ANY_DSN:
        yield from _serve_databases(Server("any", ANY_DSN))
    else:
        yield request.getfixturevalue("embedded")


@pytest.fixture(scope="session")
def apache() -> Iterator[Server]:
    """TimescaleDB, Apache edition; it outlives a change of flavour, and its template with it."""
    yield from _serve_databases(Server("timescale-apache", APACHE_DSN))


@pytest.fixture(scope="session")
def flavour(request: pytest.FixtureRequest) -> Iterator[Server]:
    """Each kind of server in turn. ``create_database`` and ``migrated`` of the same test live on it."""
    match request.param:
        case "plain":
            yield request.getfixturevalue("embedded")
        case "any":
            yield request.getfixturevalue("postgres")
        case "timescale-community":
            yield from _serve_databases(Server(request.param, COMMUNITY_DSN))
        case _:
            if not APACHE_DSN:
                skip_absent(request, "TimescaleDB, Apache edition: DOSING_TEST_APACHE_DSN names no server")
            yield request.getfixturevalue("apache")


@pytest.fixture
def server(request: pytest.FixtureRequest) -> Server:
    """The flavour's server if the test has one, else the usual one."""
    name = "flavour" if "flavour" in request.fixturenames else "postgres"
    found: Server = request.getfixturevalue(name)
    return found


@pytest.fixture
def database(server: Server) -> Iterator[str]:
    """The connection string of a new, empty database."""
    with server.create_database() as dsn:
        yield dsn


@pytest.fixture(scope="session")
def _sessions() -> SessionStore:
    return SessionStore()


@pytest.fixture(scope="session")
def _cleaned(embedded: Server, _sessions: SessionStore) -> Iterator[CleanedDatabases]:
    databases = CleanedDatabases(embedded, embedded.get_template("migrated", _migrate_database), _sessions)
    yield databases
    databases.drop_databases()


@pytest.fixture
def migrated(request: pytest.FixtureRequest, server: Server) -> Iterator[str]:
    """The connection string of a database with the schema, and with nothing else."""
    sessions: SessionStore = request.getfixturevalue("_sessions")
    if request.node.get_closest_marker("new_database"):
        with server.create_database(server.get_template("migrated", _migrate_database)) as dsn:
            yield dsn
    elif server.name == "plain":
        with request.getfixturevalue("_cleaned").lend_database() as dsn:
            yield dsn
    else:  # TimescaleDB makes tables for what is stored, so that nothing is as in the template again
        with (
            server.create_database(server.get_template("migrated", _migrate_database)) as dsn,
            sessions.keep_sessions(dsn),
        ):
            yield dsn
            sessions.close_sessions(dsn)


@pytest.fixture(scope="session")
def _migrated_cluster(cluster: Path) -> Iterator[Path]:
    with copy_cluster(cluster) as folder:
        with EmbeddedPostgres(folder, settings=UNSAFE_BUT_FAST) as server:
            _migrate_database(server.dsn)
        yield folder


@pytest.fixture
def own_postgres(_migrated_cluster: Path) -> Iterator[EmbeddedPostgres]:
    """A server of the test's own, with the schema, to stop, kill and restart."""
    with copy_cluster(_migrated_cluster) as folder, EmbeddedPostgres(folder, port=find_free_port()) as server:
        yield server


@pytest.fixture
def empty_postgres(cluster: Path) -> Iterator[EmbeddedPostgres]:
    """As ``own_postgres``, without the schema: its first collector makes it."""
    with copy_cluster(cluster) as folder, EmbeddedPostgres(folder, port=find_free_port()) as server:
        yield server


@pytest.fixture
def mosquitto(request: pytest.FixtureRequest) -> Iterator[EmbeddedBroker]:
    """A Mosquitto of the test's own, configured as a plant's; to stop, kill and restart."""
    if find_mosquitto() is None:
        skip_absent(request, "Mosquitto is not installed")
    with reachable_temp() as folder:
        broker = start_broker(folder)
        yield broker
        broker.stop()


def _serve_databases(server: Server) -> Iterator[Server]:
    yield server
    server.drop_templates()


def _migrate_database(dsn: str) -> None:
    from dosing_tui.database.schema.migrate import migrate_schema

    migrate_schema(Settings(database=DatabaseSettings(dsn=dsn)), report=print)
