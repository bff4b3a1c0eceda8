"""``migrate --check`` and ``migrate`` decide alike; Telegraf's own layouts are adopted without loss."""

import re
from collections.abc import Iterator
from typing import LiteralString

import psycopg
import pytest

from dosing_tui.database.schema.migrate import list_pending_steps, migrate_schema
from dosing_tui.errors import DatabaseAccessError, DosingError
from tests.support.database.guide_database import guide_database
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database.telegraf_layouts import LAYOUTS, TYPED
from tests.support.database_servers import Server

STORED: LiteralString = (
    "SELECT time, device_id, pump, chemical, actual_g, recipe, duration_ms FROM dosing_consumption"
)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_telegrafs_own_layouts_are_adopted_row_by_row(flavour: Server, database: str, layout: str) -> None:
    statements, old = LAYOUTS[layout]
    execute_statements(database, "SET TimeZone = 'UTC'", *statements)
    rows = fetch_rows(database, TYPED.format(old))
    checked = list_pending_steps(settings_for(database))
    assert set(checked) <= set(migrate_schema(settings_for(database, zone="Asia/Tokyo"), report=print))
    stored = fetch_rows(database, STORED)
    assert len(rows) == 500
    assert sorted(stored) == sorted(rows)
    assert fetch_value(database, "SELECT count(*) FROM legacy_import_rejects") == 0
    host = "tags->>'host'" if "jsonb" in layout else "host"
    assert fetch_rows(database, f"SELECT DISTINCT {host} FROM dosing_consumption") == [("gw",)]
    assert list_pending_steps(settings_for(database)) == []


REFUSED: dict[LiteralString, str] = {
    "ALTER TABLE batch_events ALTER time TYPE bigint USING 1": r"time .* is bigint.*to_timestamp",
    "ALTER TABLE batch_events ALTER time TYPE text": r"time of .* is text.*USING time::timestamptz",
    "ALTER TABLE batch_events ADD flags text": "a column flags of its own: rename or drop it",
    "ALTER TABLE dosing_consumption DROP chemical": "no column chemical.*dosing-tui import",
    "ALTER TABLE batch_events ALTER pumps TYPE boolean USING true": "pumps of batch_events is boolean",
    "ALTER TABLE batch_events DROP device_id, ADD tag_id bigint": "batch_events_tag, which is missing",
    "ALTER TABLE dosing_consumption ALTER pump TYPE text USING 'pump-1'": "has a usable pump",
    'ALTER TABLE dosing_consumption DROP pump, ADD tags jsonb DEFAULT \'{"pump": "x"}\'': "has a usable pump",
    "CREATE VIEW mine AS SELECT pumps || 'x' AS p FROM batch_events": "",
    "ALTER TABLE batch_events ALTER pumps TYPE text;"
    " CREATE VIEW mine AS SELECT trim(pumps) AS p FROM batch_events": r"view public\.mine cannot",
}
"""A change of the guide's tables -> the reason for a refusal; '' where it is adopted."""


@pytest.fixture
def guide(flavour: Server) -> Iterator[str]:
    """The guide's tables without TimescaleDB, two rows in them."""
    with flavour.create_database(flavour.get_template("bare_guide", fill_guide)) as dsn:
        yield dsn


def fill_guide(dsn: str) -> None:
    guide_database(dsn, extension=False)
    execute_statements(
        dsn,
        "INSERT INTO dosing_consumption (time, device_id, pump, chemical)"
        " VALUES ('2026-11-01', 'd', 1, 'BDO')",
        "INSERT INTO batch_events VALUES ('2026-11-01', 'd', 'start', 'r', 4)",
    )


def list_refusals(dsn: str) -> list[str]:
    """What ``--check`` and ``migrate`` say, in this order; '' where they accept."""
    told: list[str] = []
    for is_check in (True, False):
        try:
            if is_check:
                list_pending_steps(settings_for(dsn))
            else:
                migrate_schema(settings_for(dsn), report=print)
            told.append("")
        except DatabaseAccessError as error:
            told.append(str(error))
    return told


@pytest.mark.parametrize("change", REFUSED)
def test_check_and_migrate_agree(guide: str, change: LiteralString) -> None:
    execute_statements(guide, *change.split("; "))
    checked, migrated = list_refusals(guide)
    assert checked == migrated
    if not REFUSED[change]:
        assert checked == ""
        return
    assert re.search(REFUSED[change], checked)
    assert fetch_value(guide, "SELECT count(*) FROM dosing_consumption") == 1
    assert fetch_value(guide, "SELECT to_regclass('schema_migrations')") is None
    assert fetch_value(guide, "SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'") == 0


def test_fractions_are_rounded_flagged_and_counted(flavour: Server, database: str) -> None:
    execute_statements(
        database,
        "CREATE TABLE dosing_consumption (time timestamp, device_id text, pump double precision,"
        " chemical text, duration_ms double precision)",
        "INSERT INTO dosing_consumption VALUES ('2026-11-01 10:00', 'd', 1, 'BDO', 2.5),"
        " ('2026-11-01 10:01', 'd', 1, 'BDO', 4000), ('2026-11-01 10:02', 'd', 1.5, 'BDO', 4000)",
    )
    told: list[str] = []
    migrate_schema(settings_for(database), report=told.append)
    stored = fetch_rows(database, "SELECT duration_ms, flags FROM dosing_consumption ORDER BY time")
    assert stored == [(2, ["duration_ms: coerced"]), (4000, None)]
    assert fetch_rows(database, "SELECT reason FROM legacy_import_rejects") == [("pump is 1.5",)]
    assert fetch_value(database, "SELECT flagged FROM legacy_imports") == 1
    assert "Imported dosing_consumption: 2 rows copied, 1 of them rounded, 1 rejected." in told


def test_a_failed_start_leaves_no_extension_behind(guide: str) -> None:
    """Locked out while the schema is made, when TimescaleDB has been created already."""
    with psycopg.connect(guide) as holder:
        holder.execute("LOCK TABLE batch_events IN SHARE MODE")
        limited = settings_for(f"{guide} options='-c lock_timeout=100'")
        with pytest.raises(DosingError):
            migrate_schema(limited, report=print)
    assert fetch_value(guide, "SELECT count(*) FROM pg_extension WHERE extname = 'timescaledb'") == 0
