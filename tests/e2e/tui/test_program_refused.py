"""The real console on a database that refuses, or asked for nonsense: a sentence, never an exception."""

from pathlib import Path

import psycopg
import pytest

from dosing_tui.demo.servers.embedded_postgres import EmbeddedPostgres
from dosing_tui.demo.servers.mqtt_broker import find_free_port
from tests.support.polling import wait_until
from tests.support.tmux_terminal import FOUND, Terminal, run_program

pytestmark = pytest.mark.skipif(FOUND is None, reason="tmux is not installed")
READER = "reader_of_little"


@pytest.fixture
def plant(own_postgres: EmbeddedPostgres) -> str:
    """A database with the schema, seen by a role that may read doses and levels but no sums."""
    with psycopg.connect(own_postgres.dsn) as session:
        session.execute(f"CREATE ROLE {READER} LOGIN")
        session.execute(f"GRANT SELECT ON dosing_consumption, batch_events, inventory_levels TO {READER}")
    return psycopg.conninfo.make_conninfo(own_postgres.dsn, user=READER)


def build_environment(dsn: str, folder: Path) -> dict[str, str]:
    return {
        "DOSING_DATABASE_DSN": dsn,
        "DOSING_MQTT_HOST": "127.0.0.1",
        "DOSING_MQTT_PORT": str(find_free_port()),
        "DOSING_COLLECTOR_MODE": "never",
        "DOSING_LOG_FILE": str(folder / "console.log"),
    }


def test_a_missing_right_is_named_in_the_panel_and_a_range_that_is_none_where_it_is_typed(
    plant: str, tmp_path: Path
) -> None:
    with run_program(tmp_path, env=build_environment(plant, tmp_path)) as terminal:
        terminal.wait_for_text("lacks a right in database")
        terminal.send_keys("3")
        terminal.wait_for_text("Consumption over time")
        terminal.wait_for_text("lacks a right in database")
        _expect_answers(terminal)
        terminal.send_keys("g")
        terminal.wait_for_text("Last 6 hours")
        terminal.send_keys("Tab", "C-u")
        terminal.wait_for_text("'' is not a time.")
        terminal.send_keys("n", "o", "w", "-", "x", "Enter")
        terminal.wait_for_text("'now-x' is not a time.")
        terminal.send_keys("Escape")
        wait_until(lambda: "now-x" not in terminal.read_screen())
        terminal.send_keys("1")
        terminal.wait_for_text("Recent doses")
        _expect_answers(terminal)
    assert "Traceback" not in (tmp_path / "console.log").read_text()


def _expect_answers(terminal: Terminal) -> None:
    terminal.send_keys("7")
    terminal.wait_for_text("Readings of process")
