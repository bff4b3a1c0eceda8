"""History comes from a Parquet file by the rules of a CSV file, whatever the types of its columns."""

import sys
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow
import pyarrow.parquet
import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from dosing_tui.cli.main import main
from dosing_tui.config.settings import ClockSettings
from dosing_tui.database.schema.import_file import import_file
from dosing_tui.errors import DatabaseAccessError
from tests.support.database.reading_samples import settings_for
from tests.support.database.schema_inspection import fetch_rows, fetch_value
from tests.support.database_servers import Server

AT = datetime(2026, 11, 1, 10, tzinfo=UTC)
STORED = (
    "SELECT time, device_id, pump, chemical, target_g, actual_g, recipe, duration_ms, flags"
    " FROM dosing_consumption ORDER BY 1, 3"
)


def write_file(path: Path, **columns: Any) -> Path:
    pyarrow.parquet.write_table(pyarrow.table(columns), path, row_group_size=2)
    return path


def make_doses(times: Any) -> dict[str, Any]:
    return {
        "time": times,
        "device_id": pyarrow.array(["d", "d", "d", "d"]).dictionary_encode(),
        "pump": pyarrow.array([1, 2, 3, 4], pyarrow.uint8()),
        "chemical": pyarrow.array(["BDO", 'B, "DO"', "EG", ""], pyarrow.large_string()),
        "target_g": pyarrow.array([Decimal("2.50"), None, Decimal("3.00"), Decimal("1.25")]),
        "actual_g": pyarrow.array([2.1, None, float("nan"), 1.0], pyarrow.float32()),
        "recipe": pyarrow.nulls(4),
        "duration_ms": pyarrow.array([4000.0, 4000.5, None, 1.0]),
    }


def test_types_of_parquet_follow_the_rules_of_text(flavour: Server, migrated: str, tmp_path: Path) -> None:
    settings = replace(settings_for(migrated), clock=ClockSettings(device_timezone="Europe/Berlin"))
    local = pyarrow.array(
        [1_793_527_200_000_001_499 + number * 1_000_000_000 for number in range(4)], pyarrow.timestamp("ns")
    )
    file, told = write_file(tmp_path / "doses.parquet", **make_doses(local)), list[str]()
    import_file(settings, file, "dosing_consumption", report=told.append)
    stored = fetch_rows(migrated, STORED)
    first = AT - timedelta(hours=1) + timedelta(microseconds=1)
    assert stored[:2] == [
        (first, "d", 1, "BDO", 2.5, 2.1, "", 4000, None),
        (first + timedelta(seconds=1), "d", 2, 'B, "DO"', None, None, "", 4000, ["duration_ms: coerced"]),
    ]
    as_text = tmp_path / "doses.csv"
    as_text.write_text(
        "time,device_id,pump,chemical,target_g,actual_g,recipe,duration_ms\n"
        "2026-11-01 10:00:00.000001499,d,1,BDO,2.50,2.1,,4000\n"
        '2026-11-01 10:00:01.000001499,d,2,"B, ""DO""",,,,4000.5\n'
        "2026-11-01 10:00:02.000001499,d,3,EG,3.00,nan,,\n"
        '2026-11-01 10:00:03.000001499,d,4,"",1.25,1,,1\n'
    )
    assert "Imported dosing_consumption: 3 rows copied, 1 of them rounded, 1 rejected." in told
    import_file(settings, as_text, "dosing_consumption", report=told.append)
    assert fetch_rows(migrated, STORED) == stored
    copies = fetch_rows(migrated, "SELECT reason, count(*) FROM legacy_import_rejects GROUP BY 1 ORDER BY 1")
    assert copies == [("a copy of another row", 3), ("actual_g is nan", 2)]


def test_a_time_with_a_zone_is_that_moment(migrated: str, tmp_path: Path) -> None:
    times = [AT + timedelta(seconds=number) for number in range(4)]
    zoned = pyarrow.array(times, pyarrow.timestamp("ms", "America/New_York"))
    file = write_file(tmp_path / "doses", **(make_doses(zoned) | {"recipe": ["", "CU", "", ""]}))
    import_file(settings_for(migrated), file, "dosing_consumption", report=print)
    assert fetch_rows(migrated, STORED)[0][0] == AT


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"time": [AT], "device_id": ["d"]}, "no column pump"),
        ({"device_id": ["d"]}, "no column time"),
        ({"time": [1_793_527_200]}, "The column time of bad.parquet is int64: a time or a text"),
        ({"time": [AT], "actual_g": [[1.0]]}, "The column actual_g of bad.parquet is list"),
        ({"time": [AT], "pump": [date(2026, 1, 1)]}, "The column pump of bad.parquet is date32"),
        ({"time": [AT], "flags": ["x"]}, "The column flags is none of dosing_consumption"),
        ({"time": ["yesterdayish"], "pump": [1]}, r"row 1.*time is not written as"),
    ],
)
def test_a_parquet_file_that_does_not_fit_leaves_nothing_behind(
    migrated: str, tmp_path: Path, columns: dict[str, Any], reason: str
) -> None:
    file = write_file(tmp_path / "bad.parquet", **columns)
    with pytest.raises(DatabaseAccessError, match=reason):
        import_file(settings_for(migrated), file, "dosing_consumption", report=print)
    assert fetch_value(migrated, "SELECT to_regclass('adopted_dosing_consumption')") is None


def test_a_damaged_file_and_a_missing_reader_are_named(
    migrated: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = settings_for(migrated)
    file = write_file(tmp_path / "doses.parquet", **make_doses([AT] * 4))
    content = file.read_bytes()
    file.write_bytes(content[:200] + b"\0" * 200 + content[400:])
    with pytest.raises(DatabaseAccessError, match=r"doses\.parquet cannot be read as Parquet: "):
        import_file(settings, file, "dosing_consumption", report=print)
    file.write_bytes(b"time,device_id\n")
    with pytest.raises(DatabaseAccessError, match="is not a Parquet file: it does not begin with PAR1"):
        import_file(settings, file, "dosing_consumption", report=print)
    file.write_bytes(content)
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    monkeypatch.setenv("DOSING_DATABASE_DSN", migrated)
    done = CliRunner().invoke(main, ["import", str(file), "--table", "dosing_consumption"])
    assert done.exit_code == 2
    assert "pyarrow, which is not installed: pip install 'dosing-tui[parquet]'" in done.output
    assert fetch_value(migrated, "SELECT count(*) FROM dosing_consumption") == 0
