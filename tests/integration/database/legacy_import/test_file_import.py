"""History comes from a CSV file by the rules of an adoption: nothing is lost, doubled or dropped unasked."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg
import pytest

from dosing_tui.database.schema import retention
from dosing_tui.database.schema.import_file import import_file
from dosing_tui.database.schema.maintenance import run_maintenance
from dosing_tui.database.schema.migration_lock import LOCK_KEY
from dosing_tui.errors import DatabaseAccessError
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows, fetch_value
from tests.support.database_servers import Server

HEADER = "time,device_id,pump,chemical,actual_g,recipe,duration_ms\n"
RECENT = (datetime.now(UTC) - timedelta(days=30)).replace(hour=10, minute=0, second=0, microsecond=0)
ROWS = (
    "2025-03-01 10:00:00,d,1,BDO,2.5,,4000\n"
    '2025-03-01T10:01:00+01:00,d,2,"B, DO",2.5,CU,4000.5\n'
    f"{RECENT:%Y-%m-%d} 10:00:00,d,1,BDO,,CU,\n"
    f"{RECENT:%Y-%m-%d} 10:00:00,d,1,BDO,heavy,CU,\n"
)
STORED = (
    "SELECT time, pump, chemical, actual_g, recipe, duration_ms, flags FROM dosing_consumption ORDER BY 1, 2"
)


def test_a_file_is_stored_once_and_its_history_kept(flavour: Server, migrated: str, tmp_path: Path) -> None:
    settings, told = settings_for(migrated), list[str]()
    file = tmp_path / "doses.csv"
    file.write_text(HEADER + ROWS)
    import_file(settings, file, "dosing_consumption", report=told.append)
    stored = fetch_rows(migrated, STORED)
    assert stored == [
        (datetime(2025, 3, 1, 9, 1, tzinfo=UTC), 2, "B, DO", 2.5, "CU", 4000, ["duration_ms: coerced"]),
        (datetime(2025, 3, 1, 10, tzinfo=UTC), 1, "BDO", 2.5, "", 4000, None),
        (RECENT, 1, "BDO", None, "CU", None, None),
    ]
    assert fetch_rows(migrated, "SELECT reason FROM legacy_import_rejects") == [("actual_g is heavy",)]
    assert "Imported dosing_consumption: 3 rows copied, 1 of them rounded, 1 rejected." in told
    assert any(line.startswith("2 of 3 rows of dosing_consumption are older than 90 days") for line in told)
    run_maintenance(settings, now=datetime.now(UTC))
    assert fetch_value(migrated, "SELECT sum(dose_count)::int FROM dosing_consumption_hourly") == 3
    import_file(settings, file, "dosing_consumption", report=told.append)
    assert fetch_rows(migrated, STORED) == stored
    assert "Imported dosing_consumption: 0 rows copied, 3 left out as copies, 1 rejected." in told


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("time,device_id,pump\n", "no column chemical"),
        ("device_id,pump,chemical\n", "no column time"),
        ("time,device_id,pump,chemical,flags\n", "The column flags is none of dosing_consumption"),
        (HEADER + "2026-11-03,d,1,BDO,1,,\n03.11.2026 10:00,d,1,BDO,1,,\n", "line 3.*time is not written as"),
        (HEADER + "11/03/2026 10:00,d,1,BDO,1,,\n", "line 2.*time is not written as"),
        (HEADER + "yesterday,d,1,BDO,1,,\n", "line 2.*time is not written as"),
        (HEADER + "infinity,d,1,BDO,1,,\n", "line 2.*time is not written as"),
        (HEADER + "2026-13-03 10:00,d,1,BDO,1,,\n", "2026-13-03 10:00"),
        (HEADER + "2026-11-01,d\n", "line 2"),
    ],
)
def test_a_file_that_does_not_fit_leaves_nothing_behind(
    migrated: str, tmp_path: Path, text: str, reason: str
) -> None:
    file = tmp_path / "doses.csv"
    file.write_text(text)
    with pytest.raises(DatabaseAccessError, match=reason):
        import_file(settings_for(migrated), file, "dosing_consumption", report=print)
    assert fetch_value(migrated, "SELECT to_regclass('adopted_dosing_consumption')") is None
    assert fetch_value(migrated, "SELECT count(*) FROM legacy_imports") == 0


def test_an_import_waits_for_another_that_changes_the_schema(migrated: str, tmp_path: Path) -> None:
    """A collector that starts meanwhile would copy the same rows."""
    file = tmp_path / "doses.csv"
    file.write_text(HEADER + ROWS)
    found: list[object] = []
    with psycopg.connect(migrated, autocommit=True) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (LOCK_KEY,))

        def release(line: str) -> None:
            if line.startswith("Another dosing-tui is changing the schema"):
                found.append(fetch_value(migrated, "SELECT to_regclass('adopted_dosing_consumption')"))
                other.execute("SELECT pg_advisory_unlock(%s)", (LOCK_KEY,))

        import_file(settings_for(migrated), file, "dosing_consumption", report=release)
    assert found == [None]
    assert fetch_value(migrated, "SELECT count(*) FROM dosing_consumption") == 3


def test_an_interrupted_import_drops_no_old_row(
    migrated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What the file holds is registered and kept in one transaction, or not at all."""
    file = tmp_path / "doses.csv"
    file.write_text(HEADER + ROWS)

    def fail(*_: object) -> None:
        raise DatabaseAccessError("interrupted")

    monkeypatch.setattr(retention, "forget_decision", fail)
    with pytest.raises(DatabaseAccessError, match="interrupted"):
        import_file(settings_for(migrated), file, "dosing_consumption", report=print)
    assert fetch_value(migrated, "SELECT to_regclass('adopted_dosing_consumption')") is None
    assert fetch_value(migrated, "SELECT count(*) FROM legacy_imports") == 0


def test_sums_of_imported_rows_are_kept_also_where_readings_are_for_ever(
    migrated: str, tmp_path: Path
) -> None:
    execute_statements(migrated, "UPDATE data_retention SET keep_days = NULL WHERE table_name <> 'sums'")
    file = tmp_path / "doses.csv"
    file.write_text(HEADER + "2021-03-01 10:00:00,d,1,BDO,2.5,,4000\n")
    import_file(settings_for(migrated), file, "dosing_consumption", report=print)
    run_maintenance(settings_for(migrated), now=datetime.now(UTC))
    assert fetch_value(migrated, "SELECT sum(doses)::int FROM dosing_rollup_6h") == 1
