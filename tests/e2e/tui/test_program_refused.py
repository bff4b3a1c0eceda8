"""The real console on a database that refuses, or asked for nonsense: a sentence, never an exception."""

from pathlib import Path

import psycopg
import pytest

from dosing_tui.config.settings import DatabaseSettings, Settings
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import find_free_port
from tests.support.polling import until
from tests.support.tmux_terminal import FOUND, Terminal, program

pytestmark = pytest.mark.skipif(FOUND is None, reason="tmux is not installed")
READER = "reader_of_little"


@pytest.fixture
def plant(own_postgres: EmbeddedPostgres) -> str:
    """A database with the schema, seen by a role that may read doses and levels but no sums."""
    migrate_schema(Settings(database=DatabaseSettings(dsn=own_postgres.dsn)), report=print)
    with psycopg.connect(own_postgres.dsn) as session:
        session.execute(f"CREATE ROLE {READER} LOGIN")
        session.execute(f"GRANT SELECT ON dosing_consumption, batch_events, inventory_levels TO {READER}")
    return psycopg.conninfo.make_conninfo(own_postgres.dsn, user=READER)


def environment(dsn: str, folder: Path) -> dict[str, str]:
    return {
        "DOSING_DATABASE_DSN": dsn,
        "DOSING_MQTT_HOST": "127.0.0.1",
        "DOSING_MQTT_PORT": str(find_free_port()),
        "DOSING_COLLECTOR_MODE": "never",
        "DOSING_LOG_FILE": str(folder / "console.log"),
    }


def test_a_missing_right_is_said_in_the_panel(plant: str, tmp_path: Path) -> None:
    with program(tmp_path, env=environment(plant, tmp_path)) as terminal:
        terminal.shows("no answer")
        terminal.keys("3")
        terminal.shows("Consumption over time")
        terminal.shows("lacks a right in database")
        _answers(terminal)
    assert "Traceback" not in (tmp_path / "console.log").read_text()


def test_a_range_that_is_none_is_said_where_it_is_typed_and_changes_nothing(
    plant: str, tmp_path: Path
) -> None:
    with program(tmp_path, env=environment(plant, tmp_path)) as terminal:
        terminal.shows("no answer")
        terminal.keys("g")
        terminal.shows("Last 6 hours")
        terminal.keys("Tab", "C-u")
        terminal.shows("'' is not a time.")
        terminal.keys("n", "o", "w", "-", "x", "Enter")
        terminal.shows("'now-x' is not a time.")
        terminal.keys("Escape")
        until(lambda: "now-x" not in terminal.screen())
        _answers(terminal)
    assert "Traceback" not in (tmp_path / "console.log").read_text()


def _answers(terminal: Terminal) -> None:
    terminal.keys("7")
    terminal.shows("Readings of process")
