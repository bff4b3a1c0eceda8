"""A server that does not answer is noticed by the client, however the statement was sent."""

import gc
import socket
import threading
import time
from collections.abc import Iterator
from uuid import uuid4

import psycopg
import pytest

from dosing_tui.database.connection import NO_TIMEOUTS, StatementTimeouts, open_connection
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.database.sessions import statement_deadline
from dosing_tui.errors import DatabaseUnavailableError
from tests.support.database.reading_samples import DOSE, number_rows, settings_for
from tests.support.database.stalling_proxy import StallingProxy, stalling_proxy

pytestmark = pytest.mark.new_database

NOTICED_S = 16.0
"""Longest time until a stalled server is noticed, with room for a busy machine."""


@pytest.fixture(autouse=True)
def _little_patience(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(statement_deadline, "PATIENCE_S", 2.0)


@pytest.fixture
def _no_cycle_search() -> Iterator[None]:
    """As in a collector that makes few objects: the search does not begin for hours."""
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("_no_cycle_search")
def test_an_attempt_that_gets_no_answer_keeps_no_connection() -> None:
    """A frozen server would serve each of them when it goes on, until none is left for anybody."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        settings = settings_for(f"host=127.0.0.1 port={port} user=u dbname=d connect_timeout=2")
        with pytest.raises(DatabaseUnavailableError) as failure:
            open_connection(settings, application="test")
        assert failure.value.__traceback__
        client, _ = silent.accept()
        with client:
            client.settimeout(5)
            while client.recv(4096):  # b"" when it is closed
                pass


@pytest.fixture
def proxy(database: str) -> Iterator[StallingProxy]:
    with stalling_proxy(database) as proxy:
        yield proxy


@pytest.mark.parametrize(
    "timeouts",
    [None, StatementTimeouts(statement_s=60.0), NO_TIMEOUTS],
    ids=["of a panel", "of a rebuild", "without a limit"],
)
def test_a_statement_fails_when_the_server_stalls(
    proxy: StallingProxy, timeouts: StatementTimeouts | None
) -> None:
    settings = settings_for(proxy.dsn)
    with open_connection(settings, application="test", autocommit=True, timeouts=timeouts) as session:
        proxy.stall()
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError, match="timed out"):
            session.execute("SELECT 1")
        assert time.monotonic() - began < NOTICED_S
        assert session.closed


def test_a_long_statement_goes_on_while_the_server_works_at_it(proxy: StallingProxy) -> None:
    settings = settings_for(proxy.dsn)
    with open_connection(settings, application="test", autocommit=True, timeouts=NO_TIMEOUTS) as session:
        assert session.execute("SELECT 1 FROM pg_sleep(5)").fetchone() == (1,)


def test_a_long_statement_fails_when_its_answer_is_lost(proxy: StallingProxy) -> None:
    """Other connections work, and the server does nothing any more: waiting on would be for ever."""
    settings = settings_for(proxy.dsn)
    with open_connection(settings, application="test", autocommit=True, timeouts=NO_TIMEOUTS) as session:
        threading.Timer(0.5, proxy.stall_open).start()
        began = time.monotonic()
        with pytest.raises(psycopg.OperationalError, match="timed out"):
            session.execute("SELECT 1 FROM pg_sleep(1)")
        assert time.monotonic() - began < NOTICED_S


def test_a_panel_fails_when_the_server_stalls(proxy: StallingProxy) -> None:
    reader = PanelReader(settings_for(proxy.dsn))
    reader.open()
    try:
        reader.list_other_writers()
        proxy.stall()
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailableError):
            reader.list_other_writers()
        assert time.monotonic() - began < 2 * NOTICED_S
    finally:
        reader.close()


def test_the_collectors_write_fails_when_the_server_stalls_and_works_again_after(
    migrated: str,
) -> None:
    spool_id = uuid4()
    with stalling_proxy(migrated) as proxy:
        writer = ReadingWriter(settings_for(proxy.dsn))
        writer.read_progress(spool_id)
        proxy.stall()
        began = time.monotonic()
        with pytest.raises(DatabaseUnavailableError, match="does not answer"):
            writer.write(spool_id, number_rows(DOSE))
        assert time.monotonic() - began < NOTICED_S
        proxy.resume()
        assert writer.write(spool_id, number_rows(DOSE)).progress.stored == 1
        writer.close()
