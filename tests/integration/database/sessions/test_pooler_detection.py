"""A pooler that shares sessions is refused with what to set; one that does not is as good as the server."""

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from threading import Event

import psycopg
import pytest

from dosing_tui.database.connection import NO_TIMEOUTS, open_connection
from dosing_tui.database.leader_election import LeaderElection, LeaderLease
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.domain.panels.panel_catalog import PANELS, PanelQuery
from dosing_tui.errors import DatabaseAccessError
from tests.support.database.pgbouncer import StartPooler
from tests.support.database.reading_samples import settings_for

pytestmark = pytest.mark.new_database

OPTIONS = "options, extra_float_digits"
SET_SESSION = "set 'pool_mode = session'"
SHARED = [
    {"pool_mode": "transaction"},
    {"pool_mode": "transaction", "server_round_robin": "1", "min_pool_size": "3"},
    {"pool_mode": "transaction", "default_pool_size": "1"},
    {"pool_mode": "statement"},
]
NOW = datetime(2026, 11, 23, 10, 0, tzinfo=UTC)


@pytest.mark.parametrize("mode", SHARED, ids=lambda mode: " ".join(mode.values()))
def test_a_pooler_that_shares_sessions_is_refused_with_what_to_set(
    migrated: str, start_pooler: StartPooler, mode: dict[str, str]
) -> None:
    settings = settings_for(start_pooler(migrated, ignore_startup_parameters=OPTIONS, **mode))
    for _ in range(3):
        with pytest.raises(DatabaseAccessError, match=SET_SESSION):
            open_connection(settings, application="test")


def test_a_busy_pooler_that_shares_sessions_is_refused_every_time(
    migrated: str, start_pooler: StartPooler
) -> None:
    dsn = start_pooler(migrated, ignore_startup_parameters=OPTIONS, pool_mode="transaction")
    with keep_busy(dsn, clients=3):
        for _ in range(40):
            with pytest.raises(DatabaseAccessError, match=SET_SESSION):
                open_connection(settings_for(dsn), application="test")


@contextmanager
def keep_busy(dsn: str, clients: int) -> Iterator[None]:
    """Other clients whose short transactions take and give back the pooler's sessions all the time."""
    ended = Event()

    def ask_on() -> None:
        with psycopg.connect(dsn, autocommit=True, prepare_threshold=None) as client:
            while not ended.is_set():
                client.execute("SELECT pg_sleep(0.0005)")

    with ThreadPoolExecutor(clients) as threads:
        asking = [threads.submit(ask_on) for _ in range(clients)]
        try:
            yield
        finally:
            ended.set()
        for each in asking:
            each.result()


def test_the_election_is_refused_too(migrated: str, start_pooler: StartPooler) -> None:
    settings = settings_for(
        start_pooler(migrated, ignore_startup_parameters=OPTIONS, pool_mode="transaction")
    )
    candidates = [LeaderElection(settings, LeaderLease()) for _ in range(2)]
    for candidate in candidates:
        with pytest.raises(DatabaseAccessError, match=SET_SESSION):
            candidate.try_acquire()


def test_a_panel_says_it_as_well(migrated: str, start_pooler: StartPooler) -> None:
    settings = settings_for(
        start_pooler(migrated, ignore_startup_parameters=OPTIONS, pool_mode="transaction")
    )
    reader = PanelReader(settings)
    reader.open()
    try:
        with pytest.raises(DatabaseAccessError, match=SET_SESSION):
            reader.list_other_writers()
    finally:
        reader.close()


def test_the_default_settings_of_pgbouncer_are_refused_by_name(
    migrated: str, start_pooler: StartPooler
) -> None:
    with pytest.raises(DatabaseAccessError, match=r"ignore_startup_parameters = options.*\(PgBouncer\)"):
        open_connection(settings_for(start_pooler(migrated)), application="test")


def test_in_session_mode_a_session_is_as_without_a_pooler(migrated: str, start_pooler: StartPooler) -> None:
    through = start_pooler(migrated, ignore_startup_parameters=OPTIONS, pool_mode="session")
    shown = []
    for dsn in (migrated, through):
        settings = settings_for(dsn, zone="Asia/Tashkent")
        with open_connection(settings, application="test", autocommit=True) as session:
            names = ("TimeZone", "statement_timeout", "lock_timeout", "search_path", "jit")
            shown.append([session.execute(f"SHOW {name}").fetchone() for name in names])
            session.execute("LISTEN here")
            session.execute("NOTIFY here")
            assert [each.channel for each in session.notifies(timeout=5, stop_after=1)] == ["here"]
    assert shown[0] == shown[1]


def test_in_session_mode_panels_and_the_election_work(migrated: str, start_pooler: StartPooler) -> None:
    through = start_pooler(migrated, ignore_startup_parameters=OPTIONS, pool_mode="session")
    settings = settings_for(through)
    reader = PanelReader(settings)
    reader.open()
    query = PanelQuery(NOW - timedelta(hours=1), NOW, NOW)
    assert reader.read_panel(PANELS["inventory"], query) == []
    reader.close()
    first, second = (LeaderElection(settings, LeaderLease()) for _ in range(2))
    assert first.try_acquire()
    assert not second.try_acquire()
    first.release_lock()
    assert second.try_acquire()
    second.release_lock()


def test_in_session_mode_a_long_statement_is_watched_by_the_servers_process(
    migrated: str, start_pooler: StartPooler
) -> None:
    through = start_pooler(migrated, ignore_startup_parameters=OPTIONS, pool_mode="session")
    with open_connection(
        settings_for(through), application="test", autocommit=True, timeouts=NO_TIMEOUTS
    ) as session:
        began = time.monotonic()
        session.execute("SELECT pg_sleep(7)")
        assert time.monotonic() - began >= 7
