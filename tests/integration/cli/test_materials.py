"""The material ledger by command: add, list, import, balance."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dosing_tui.cli.main import main
from tests.support.database.reading_samples import LEVEL, settings_for
from tests.support.database.schema_inspection import execute_statements, fetch_rows
from tests.support.database.stored_batches import write_readings

DEVICE, CHEMICAL = LEVEL.device_id, LEVEL.chemical
Runner = Callable[..., Result]
FILE = f"""time;device_id;chemical;kind;quantity;unit;lot_number;operator
2026-11-23 06:00;{DEVICE};{CHEMICAL};count;10000;g;;Ben
2026-11-23 07:00;{DEVICE};{CHEMICAL};delivery;2,5;kg;A-17;
2026-11-23 07:00;{DEVICE};{CHEMICAL};delivery;2,5;kg;A-17;
"""
WRONG = f"""time,device_id,chemical,kind,quantity,unit,reason
yesterday,{DEVICE},{CHEMICAL},count,1,g,
2026-11-23,{DEVICE},{CHEMICAL},theft,1,g,
2026-11-23,{DEVICE},{CHEMICAL},waste,1,g,
2026-11-23,{DEVICE},{CHEMICAL},waste,"9,500",g,x
2026-11-23,{DEVICE},{CHEMICAL},refill,1,l,
2026-11-23,{DEVICE},{CHEMICAL},refill,1
2026-11-23,{DEVICE},{CHEMICAL},refill,1,oz\x1b[2J,
"""


@pytest.fixture
def run(migrated: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Runner:
    monkeypatch.setenv("DOSING_DATABASE_DSN", migrated)
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setenv("DOSING_TUI_CONFIG", str(tmp_path / "config.toml"))
    (tmp_path / "config.toml").write_text("[[chemicals]]\nname = 't-9'\ndensity_g_per_ml = 1.25\n")
    (tmp_path / "config.toml").chmod(0o600)

    def invoke(*words: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, ["materials", *words])
        assert result.exit_code == status, result.output
        return result

    return invoke


def read_balance(run: Runner) -> dict[str, str]:
    (row,) = csv.DictReader(io.StringIO(run("balance", "--device", DEVICE, "--format", "csv").stdout))
    return dict(row)


def test_a_count_of_9900_g_against_10000_is_shown_explained_and_gone(run: Runner, migrated: str) -> None:
    write_readings(migrated, [LEVEL])
    assert read_balance(run)["remark"] == "no count yet"
    at = ("--as", "Anna", "--at")
    run("add", "count", DEVICE, CHEMICAL, "10000", *at, "2026-11-24 06:00")
    done = run("add", "count", DEVICE, CHEMICAL, "9.9", "--unit", "kg", *at, "2026-11-24 14:00")
    assert done.stdout == f"Entry 2: count of 9.90 kg, {CHEMICAL} ({DEVICE}).\n"
    assert read_balance(run)["count gap (g)"] == "-100"
    assert read_balance(run)["book (g)"] == "9900"
    explain = (
        "add",
        "correction",
        DEVICE,
        CHEMICAL,
        *at,
        "2026-11-24 14:00",
        "--reason",
        "spilled [b]",
        "--",
        "-100",
    )
    assert run(*explain).stdout == f"Entry 3: correction of -100.0 g, {CHEMICAL} ({DEVICE}).\n"
    assert (read_balance(run)["count gap (g)"], read_balance(run)["book (g)"]) == ("0", "9900")
    rows = run("list", "--format", "json", "--kind", "correction").stdout
    (entry,) = json.loads(rows)["rows"]
    assert (entry["mass_g"], entry["reason"], entry["operator"]) == (-100.0, "spilled [b]", "Anna")
    assert "spilled [b]" in run("list").stdout
    assert run("list", "--chemical", "none", status=1).stdout == ""


def test_what_fills_a_tank_is_in_ledger_and_journal_and_litres_need_a_density(
    run: Runner, migrated: str
) -> None:
    run("add", "drum-change", DEVICE, "T-9", "8", "--unit", "l", "--lot", "B-2", "--expires", "2027-05-01")
    stored = fetch_rows(migrated, "SELECT mass_g, lot_number, expires_on::text, source FROM material_entries")
    assert stored == [(10_000.0, "B-2", "2027-05-01", "cli")]
    journal = fetch_rows(migrated, "SELECT rule, event, item, comment FROM alarm_journal")
    assert journal == [("STOCK_RESET", "shelve", "T-9", f"drum change of 10.00 kg, T-9 ({DEVICE}).")]
    refused = run("add", "refill", DEVICE, "T-12", "8", "--unit", "l", status=2)
    assert "Litres of T-12 need its density" in refused.stderr
    assert "A waste needs a reason." in run("add", "waste", DEVICE, "T-12", "8", status=2).stderr


def test_a_refill_in_any_spelling_is_of_the_plants_tank_in_the_ledger_and_in_the_journal(
    run: Runner, migrated: str
) -> None:
    write_readings(migrated, [LEVEL])
    run("add", "refill", DEVICE.upper(), CHEMICAL.lower().replace("-", " "), "15", "--unit", "kg")
    assert fetch_rows(migrated, "SELECT device_id, chemical, mass_g FROM material_entries") == [
        (DEVICE, CHEMICAL, 15_000.0)
    ]
    assert fetch_rows(migrated, "SELECT device_id, item, event, value FROM alarm_journal") == [
        (DEVICE, CHEMICAL, "shelve", 15_000.0)
    ]


def test_an_entry_of_a_tank_that_nobody_knows_is_kept_as_typed_and_says_so(
    run: Runner, migrated: str
) -> None:
    write_readings(migrated, [LEVEL])
    told = run("add", "count", DEVICE, "T-99", "15").stderr
    assert f"No chemical T-99 is known; known are {CHEMICAL}. Entered as typed: {DEVICE}, T-99." in told
    assert fetch_rows(migrated, "SELECT chemical FROM material_entries") == [("T-99",)]


def test_the_same_file_twice_adds_nothing_and_equal_lines_are_two(
    run: Runner, migrated: str, tmp_path: Path
) -> None:
    file = tmp_path / "entries.csv"
    file.write_text(FILE, encoding="utf-8-sig")
    assert run("import", str(file), "--as", "Anna").stdout == "3 lines: 3 entries added, 0 stored before.\n"
    file.write_text(FILE.replace("\n", "\r\n"))
    assert run("import", str(file), "--as", "Anna").stdout == "3 lines: 0 entries added, 3 stored before.\n"
    rows = fetch_rows(migrated, "SELECT kind, mass_g, operator FROM material_entries ORDER BY entry_id")
    assert rows == [("count", 10_000.0, "Ben"), *[("delivery", 2_500.0, "Anna")] * 2]


def test_a_file_with_a_wrong_line_adds_nothing_and_each_line_is_named(
    run: Runner, migrated: str, tmp_path: Path
) -> None:
    file = tmp_path / "entries.csv"
    file.write_text(FILE.replace(";", ",").replace("2,5", "2.5") + "now,x\n")
    run("import", str(file), status=2)
    file.write_text(WRONG)
    told = run("import", str(file), status=2).stderr.splitlines()
    assert told[:-1] == [
        "Line 2: time 'yesterday' is not a time, e.g. 2026-11-24 06:00.",
        "Line 3: 'theft' is not a kind; the kinds are delivery, drum_change, refill, prime, purge, waste,"
        " count, correction.",
        "Line 4: A waste needs a reason.",
        "Line 5: '9,500' may be thousands or a fraction: write 9500 or 9500.5.",
        f"Line 6: Litres of {CHEMICAL} need its density: give density_g_per_ml, or set it in [[chemicals]].",
        "Line 7: 5 values for 7 columns.",
        "Line 8: 'oz\N{REPLACEMENT CHARACTER}[2J' is not a unit; the units are g, kg, lb and l.",
    ]
    assert told[-1].endswith("entries.csv not imported: 7 lines to correct.")
    file.write_text("time,device_id\n")
    assert "The first line does not name the column chemical." in run("import", str(file), status=2).stderr
    assert fetch_rows(migrated, "SELECT FROM material_entries") == []


def test_the_owners_change_is_found_by_audit_verify(run: Runner, migrated: str) -> None:
    run("add", "count", DEVICE, CHEMICAL, "10000")
    verify = CliRunner().invoke(main, ["audit", "verify"])
    assert verify.exit_code == 0, verify.output
    execute_statements(
        migrated,
        "ALTER TABLE material_entries DISABLE TRIGGER append_only",
        "UPDATE material_entries SET mass_g = 9900",
        "ALTER TABLE material_entries ENABLE TRIGGER append_only",
    )
    verify = CliRunner().invoke(main, ["audit", "verify"])
    assert verify.exit_code == 1
    assert (
        f"Material entry 1 ({CHEMICAL} of {DEVICE}) differs from its entry in the audit trail."
        in verify.output
    )
    assert settings_for(migrated)
