"""A collector that is held up by the session of a lower role has it ended, says so, and goes on."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest

from dosing_tui.database.maintenance.blocking_sessions import SessionWatchdog
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.errors import DatabaseAccessError
from dosing_tui.ipc.supervised_thread import start_one_shot
from dosing_tui.live_snapshot import DatabasePart
from tests.support.collector.numbered_messages import plant_settings, publish_numbered
from tests.support.collector.running_collector import Running, number_messages, run_in_threads
from tests.support.database.schema_inspection import fetch_value
from tests.support.database_servers import Server
from tests.support.deploy.deploy_database import DeployedPlant, plant_on
from tests.support.polling import wait_until

FOREVER = "SET idle_in_transaction_session_timeout = 0"
ACTION = """SELECT enter_alarm_action('{"uuid": "00000000-0000-0000-0000-0000000000aa", "site": "plant1",
 "rule": "STOCK_LOW", "device_id": "dosing_system_01", "event": "return to service", "priority": "low",
 "author": "Anna"}')"""
LEVEL = """INSERT INTO ingest_inventory_levels (time, device_id, chemical, remaining_g)
 VALUES (now(), 'dosing_system_01', 'T-12', 1)"""
HOLDERS = {"dosing_operator": ACTION, "dosing_telegraf": LEVEL}
"""What each role may do, and then keeps uncommitted."""


@pytest.fixture(scope="module")
def plant(embedded: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[DeployedPlant]:
    with plant_on(embedded, tmp_path_factory.mktemp("secrets")) as plant:
        yield plant


@contextmanager
def hold_locks(plant: DeployedPlant, role: str, statement: str) -> Iterator[psycopg.Connection]:
    with psycopg.connect(plant.dsn_of(role)) as session:
        session.execute(FOREVER)
        session.execute(statement.encode())
        yield session
        session.close()


def is_ended(session: psycopg.Connection) -> bool:
    with suppress(psycopg.Error):
        session.execute("SELECT 1")
    return session.closed


def list_fault_texts(plant: Running) -> list[str]:
    return [fault.sentence for fault in plant.picture.database_faults if fault.part is DatabasePart.LOCKS]


@pytest.mark.parametrize("role", HOLDERS)
def test_doses_are_stored_although_another_role_holds_the_locks_of_their_station(
    role: str, plant: DeployedPlant, mosquitto: EmbeddedBroker, tmp_path: Path
) -> None:
    settings = plant_settings(mosquitto.settings, plant.dsn_of("dosing_writer"), tmp_path)
    with run_in_threads(settings) as running:
        wait_until(lambda: running.ready)
        with hold_locks(plant, role, HOLDERS[role]) as session:
            publish_numbered(settings.mqtt, number_messages(0, 3))
            wait_until(lambda: running.books.stored == 3, why=lambda: repr(running.said))
            wait_until(lambda: is_ended(session))
        wait_until(lambda: list_fault_texts(running))
        (text,) = list_fault_texts(running)
        assert text.startswith(f"Collector held up: user {role} held locks for ")
        assert text.endswith("was ended; 1 so far.")
        assert sum(text in sentence for sentence in running.said)


LOCK_JOURNAL = "SELECT FROM process_locks WHERE name = 'alarm_journal' FOR UPDATE"
WAITS: LiteralString = """
    SELECT EXISTS (SELECT FROM pg_locks
                    WHERE NOT granted AND waitstart < clock_timestamp() - INTERVAL '1 second')
       AND NOT EXISTS (SELECT FROM pg_stat_activity
                        WHERE datname = current_database() AND state LIKE 'idle in%'
                          AND xact_start > clock_timestamp() - INTERVAL '3 seconds')
"""
"""Somebody waits for long, for a transaction that is old enough."""


@contextmanager
def wait_for_journal(plant: DeployedPlant) -> Iterator[None]:
    """A collector's session that waits for the journal's lock."""
    with psycopg.connect(plant.dsn_of("dosing_writer")) as waiting:

        def execute_lock() -> None:
            with suppress(psycopg.Error):
                waiting.execute(LOCK_JOURNAL)

        thread = start_one_shot("waits-for-journal", execute_lock)
        try:
            yield
        finally:
            waiting.cancel_safe()
            thread.join(10)


@pytest.mark.parametrize(
    ("holder", "is_lower"), [("dosing_operator", True), ("dosing_writer", False), ("dosing_owner", False)]
)
def test_only_sessions_of_lower_roles_are_ended(plant: DeployedPlant, holder: str, is_lower: bool) -> None:
    statement = ACTION if is_lower else LOCK_JOURNAL
    watchdog = SessionWatchdog(plant.settings_of("dosing_writer"))
    with hold_locks(plant, holder, statement) as session, wait_for_journal(plant):
        wait_until(lambda: fetch_value(plant.dsn, WAITS))
        found = watchdog.end_blocking_sessions()
        assert [(one.role_name, one.is_ended) for one in found] == [(holder, True)] * is_lower
        wait_until(lambda: is_ended(session) is is_lower)
    watchdog.close()


@pytest.mark.parametrize("role", ["dosing_operator", "dosing_viewer", "dosing_telegraf"])
def test_no_other_role_ends_sessions(plant: DeployedPlant, role: str) -> None:
    watchdog = SessionWatchdog(plant.settings_of(role))
    with pytest.raises(DatabaseAccessError, match="lacks a right"):
        watchdog.end_blocking_sessions()
    watchdog.close()
