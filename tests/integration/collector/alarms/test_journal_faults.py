"""A database that stores readings but no alarms: on the screen, in the alarms, and told outside."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.config.notification_channel import NotificationSettings
from dosing_tui.demo.servers.mqtt_broker import EmbeddedBroker
from dosing_tui.domain.alarms.catalog import RULES
from dosing_tui.live_snapshot import DatabasePart, LinkStatus
from tests.support.collector.numbered_messages import plant_settings
from tests.support.collector.running_collector import PACE, Running, run_in_threads
from tests.support.database.schema_inspection import execute_statements, fetch_rows
from tests.support.notifiers.message_receivers import WebServer, web_server
from tests.support.polling import wait_until

pytestmark = pytest.mark.new_database

FAST = structs.replace(PACE, journal_probe_s=0.2, notify_poll_s=0.1)
TABLES = "ALL TABLES IN SCHEMA public"
FAULTS = {
    "no right to insert": (
        "REVOKE INSERT ON alarm_journal FROM {role}",
        "GRANT INSERT ON alarm_journal TO {role}",
        "lacks the right to insert into alarm_journal",
    ),
    "plpgsql that does not load": (
        "UPDATE pg_proc SET probin = '$libdir/of_another_release' WHERE proname = 'plpgsql_call_handler'",
        "UPDATE pg_proc SET probin = '$libdir/plpgsql' WHERE proname = 'plpgsql_call_handler'",
        "of_another_release",
    ),
    "read-only database": (
        "ALTER DATABASE {database} SET default_transaction_read_only = on",
        "SET default_transaction_read_only = off;"
        " ALTER DATABASE {database} RESET default_transaction_read_only",
        "read-only",
    ),
}


@pytest.fixture
def web() -> Iterator[WebServer]:
    with web_server() as server:
        yield server


@pytest.fixture
def collector_dsn(migrated: str) -> Iterator[str]:
    """The migrated database as seen by a role that may store and read everything, but owns nothing."""
    role = "collector_of_faults"
    execute_statements(
        migrated,
        f"CREATE ROLE {role} LOGIN",
        f"GRANT ALL ON {TABLES} TO {role}",
        f"GRANT ALL ON ALL SEQUENCES IN SCHEMA public TO {role}",
    )
    yield psycopg.conninfo.make_conninfo(migrated, user=role)
    execute_statements(migrated, f"DROP OWNED BY {role}", f"DROP ROLE {role}")


def list_fault_texts(plant: Running) -> list[str]:
    return [fault.sentence for fault in plant.picture.database_faults if fault.part is DatabasePart.JOURNAL]


def list_alarm_tags(plant: Running) -> list[str]:
    alarms = plant.picture.alarms
    return [view.state.key.tag for view in alarms.annunciated_alarms] if alarms else []


@pytest.mark.parametrize("name", FAULTS)
def test_a_journal_that_takes_no_entry_is_shown_alarmed_and_told_before_the_first_alarm_is_lost(
    name: str,
    migrated: str,
    collector_dsn: str,
    mosquitto: EmbeddedBroker,
    tmp_path: Path,
    web: WebServer,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(
        RULES, "DB_PARTIAL", structs.replace(RULES["DB_PARTIAL"], on_delay=RULES["DB_DOWN"].on_delay)
    )
    names = {
        "role": "collector_of_faults",
        "database": fetch_rows(migrated, "SELECT current_database()")[0][0],
    }
    damage, repair, reason = FAULTS[name]
    channel = NotificationSettings(name="shift", url=web.url, on=("raise", "return"), timeout_s=1.0)
    settings = replace(plant_settings(mosquitto.settings, collector_dsn, tmp_path), notifications=(channel,))
    with run_in_threads(settings, pace=FAST) as plant:
        wait_until(lambda: plant.picture.database.status in (LinkStatus.UP, LinkStatus.PARTIAL))
        assert not list_fault_texts(plant)
        execute_statements(migrated, damage.format_map(names))
        wait_until(lambda: list_fault_texts(plant))
        (text,) = list_fault_texts(plant)
        assert text.startswith("Alarm journal unavailable: ")
        assert reason in text
        wait_until(lambda: plant.picture.database.status is LinkStatus.PARTIAL)
        wait_until(lambda: any(text in sentence for sentence in plant.said))
        wait_until(lambda: "DB_PARTIAL/journal" in list_alarm_tags(plant))
        wait_until(lambda: web.accepted)
        assert web.accepted[0].content["alarms"][0]["tag"] == "DB_PARTIAL/journal"
        assert text.rstrip(".") in web.accepted[0].content["alarms"][0]["message"]
        execute_statements(migrated, *repair.format_map(names).split("; "))
        wait_until(lambda: not list_fault_texts(plant))
        select = "SELECT event FROM alarm_journal WHERE rule = 'DB_PARTIAL' AND item = 'journal'"
        wait_until(lambda: fetch_rows(migrated, select) == [("raise",)])
