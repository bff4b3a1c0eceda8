"""What retention has dropped is known: it is neither counted again nor rebuilt from what is left."""

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import LiteralString

import psycopg
import pytest
from psycopg.errors import CheckViolation

from dosing_tui.database.batches.incremental_rebuild import rebuild_batches, rebuild_changed_days
from dosing_tui.database.schema.import_file import import_file
from dosing_tui.database.schema.migrate import migrate_schema
from dosing_tui.database.schema.retention import HistoryChoice
from dosing_tui.database.sql_files import read_statement
from tests.integration.database.schema.test_retention import STATES, drop_old_rows
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database_servers import Server

NOW = datetime.now(UTC)
FIRST = (NOW - timedelta(days=200)).replace(hour=10, minute=0, second=0, microsecond=0)
DAYS = 200
HEADERS = {
    "dosing_consumption": "time,device_id,pump,chemical,target_g,actual_g,error_g,recipe,mode,duration_ms",
    "batch_events": "time,device_id,event,recipe,pumps",
    "inventory_levels": "time,device_id,chemical,remaining_g,capacity_g,percent_full",
}
COUNTED: LiteralString = """
    SELECT (SELECT sum(doses)::int FROM dosing_rollup_15m), (SELECT sum(doses)::int FROM dosing_rollup_6h),
           (SELECT sum(doses)::int FROM plant_rollup WHERE grain = 3),
           (SELECT sum(doses)::int FROM pump_targets), (SELECT round(sum(sum_actual_g))::int FROM pump_use)
"""
BATCHES: LiteralString = "SELECT batch_key, status, doses, gone FROM batches ORDER BY 1"


def list_lines(table: str, starts: Iterable[datetime]) -> list[str]:
    """Lines of batches of one dose, which start at these times."""
    lines = {
        "dosing_consumption": [(60, "s1,1,T-12,40,40,0,R,auto,5000")],
        "batch_events": [(0, "s1,start,R,1"), (70, "s1,complete,R,1")],
        "inventory_levels": [(100, "s1,T-12,5000,10000,50")],
    }[table]
    return [f"{(at + timedelta(seconds=s)).isoformat()},{rest}" for at in starts for s, rest in lines]


def import_batches(dsn: str, folder: Path, starts: list[datetime], *tables: str) -> list[str]:
    """What the import says."""
    told: list[str] = []
    for table in tables or HEADERS:
        file = folder / f"{table}.csv"
        file.write_text("\n".join([HEADERS[table], *list_lines(table, starts), ""]))
        import_file(settings_for(dsn), file, table, report=told.append)
    return told


def apply_retention(dsn: str) -> None:
    migrate_schema(settings_for(dsn), report=print, history=HistoryChoice.APPLY)
    drop_old_rows(dsn)


def rebuild_queue(dsn: str) -> None:
    while fetch_value(dsn, "SELECT count(*) FROM batch_rebuild_queue"):
        rebuild_changed_days(settings_for(dsn), now=datetime.now(UTC))


@pytest.fixture
def days() -> list[datetime]:
    return [FIRST + timedelta(days=day) for day in range(DAYS)]


def test_what_retention_has_dropped_is_not_counted_again(
    flavour: Server, migrated: str, days: list[datetime], tmp_path: Path
) -> None:
    import_batches(migrated, tmp_path, days, "dosing_consumption")
    apply_retention(migrated)
    counted, states = fetch_rows(migrated, COUNTED), fetch_rows(migrated, STATES)
    left = fetch_value(migrated, "SELECT count(*) FROM dosing_consumption")
    assert counted == [(DAYS, DAYS, DAYS, DAYS, 40 * DAYS)]
    assert 90 <= left <= 97  # fewest on a Sunday
    told = import_batches(migrated, tmp_path, days[:100], "dosing_consumption")
    assert fetch_rows(migrated, COUNTED) == counted
    assert fetch_value(migrated, "SELECT count(*) FROM dosing_consumption") == left
    assert [line for line in told if line.startswith("100 rows of weeks that retention dropped are rejected")]
    assert fetch_rows(migrated, STATES) == states, "rows that are refused ask for no decision"
    old: LiteralString = """
        COPY ingest_dosing_consumption (time, device_id, pump, chemical, actual_g) FROM STDIN (FORMAT csv)
    """
    with psycopg.connect(migrated) as session, session.cursor().copy(old) as copy:
        copy.write(f"{days[0].isoformat()},s1,1,T-12,40\n{NOW.isoformat()},s2,1,T-12,40\n".encode())
    assert fetch_value(migrated, "SELECT count(*) FROM dosing_consumption") == left + 1
    (reason,) = fetch_rows(migrated, "SELECT reason FROM rejected_messages")
    assert "retention" in reason[0]
    dose: LiteralString = """
        INSERT INTO dosing_consumption (time, device_id, pump, chemical, actual_g)
        VALUES (%s, 's1', 1, 'X', 1)
    """
    with psycopg.connect(migrated) as session, pytest.raises(CheckViolation, match="retention"):
        session.execute(dose, (days[0],))
    with psycopg.connect(migrated) as session:
        session.execute(dose, (FIRST - timedelta(days=60),))  # before all that was ever stored


def test_batches_stay_whatever_older_history_is_imported(
    flavour: Server, migrated: str, days: list[datetime], tmp_path: Path
) -> None:
    import_batches(migrated, tmp_path, days[::4])
    rebuild_queue(migrated)
    apply_retention(migrated)
    stored = fetch_rows(migrated, BATCHES)
    assert len(stored) == DAYS // 4
    import_batches(migrated, tmp_path, [FIRST - timedelta(days=60)])
    queue: LiteralString = """
        INSERT INTO batch_rebuild_queue AS q (device_id, day, since, until)
        SELECT 's1', at::date, at, at
          FROM generate_series(now() - INTERVAL '270 days', now(), INTERVAL '20 days') AS at
            ON CONFLICT (device_id, day) DO NOTHING
    """
    execute_statements(migrated, queue)
    rebuild_queue(migrated)
    assert len(fetch_rows(migrated, BATCHES)) == len(stored) + 1
    told: list[str] = []
    rebuild_batches(
        settings_for(migrated), since=FIRST - timedelta(days=90), until=NOW, now=NOW, report=told.append
    )
    rebuilt = fetch_rows(migrated, BATCHES)
    assert set(stored) < set(rebuilt)
    assert len(rebuilt) == len(stored) + 1
    assert [line for line in told if line.startswith("Batches from ") and "stay as they are" in line]


def test_batches_stay_when_tables_keep_their_rows_for_different_times(
    flavour: Server, migrated: str, days: list[datetime], tmp_path: Path
) -> None:
    import_batches(migrated, tmp_path, days[::4])
    rebuild_queue(migrated)
    settings = settings_for(migrated)
    migrate_schema(settings, report=print, history=HistoryChoice.APPLY, named_tables=("dosing_consumption",))
    drop_old_rows(migrated)
    stored = fetch_rows(migrated, BATCHES)
    migrate_schema(settings, report=print, history=HistoryChoice.KEEP, named_tables=tuple(HEADERS))
    rebuild_batches(settings, since=FIRST - timedelta(days=1), until=NOW, now=NOW, report=print)
    assert fetch_rows(migrated, BATCHES) == stored


def test_history_without_levels_has_its_batches(
    flavour: Server, migrated: str, days: list[datetime], tmp_path: Path
) -> None:
    """Levels are kept for 90 days only, but none is stored that retention could drop."""
    import_batches(migrated, tmp_path, days[::20], "dosing_consumption", "batch_events")
    rebuild_queue(migrated)
    assert [doses for _, _, doses, _ in fetch_rows(migrated, BATCHES)] == [1] * (DAYS // 20)
    told: list[str] = []
    rebuild_batches(settings_for(migrated), since=FIRST, until=NOW, now=NOW, report=told.append)
    assert not [line for line in told if "stay as they are" in line]
    import_batches(migrated, tmp_path, days[:1], "inventory_levels")
    migrate_schema(
        settings_for(migrated), report=print, history=HistoryChoice.APPLY, named_tables=("inventory_levels",)
    )
    rebuild_batches(settings_for(migrated), since=FIRST, until=NOW, now=NOW, report=told.append)
    assert [line for line in told if "stay as they are" in line]


def test_what_an_earlier_version_dropped_is_known_by_its_sums(flavour: Server, migrated: str) -> None:
    """The migration finds sums before the oldest dose."""
    execute_statements(
        migrated,
        "INSERT INTO dosing_consumption (time, device_id, pump, chemical) VALUES (now(), 'd', 1, 'BDO')",
        """
        INSERT INTO dosing_rollup_6h (bucket, device_id, chemical, recipe, mode, doses, sum_actual_g,
               n_actual, sum_error_g, sum_abs_error_g, sum_sq_error_g, n_error, n_out_of_tol,
               sum_duration_ms, n_duration)
        VALUES ('2026-01-06 06:00+00', 'd', 'BDO', '', '', 1, 1, 1, 0, 0, 0, 0, 0, 0, 0)
        """,
        "UPDATE dropped_readings SET spans = '{}'",
    )
    text = read_statement("schema/any/0101_dropped_readings")
    known = text[text.index("-- What was dropped before") : text.index("SELECT note_dropped_readings();")]
    execute_statements(migrated, known)
    assert fetch_value(
        migrated,
        """
        SELECT lower(spans) = '2026-01-05 00:00+00'
               AND upper(spans) BETWEEN now() - INTERVAL '7 days' AND now()
          FROM dropped_readings WHERE table_name = 'dosing_consumption'
        """,
    )
