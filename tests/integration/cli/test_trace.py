"""Lots traced from the command line: as table, CSV and JSON."""

import csv
import io
import json

import pytest

from dosing_tui.cli.main import EXIT_ERROR
from tests.integration.cli.test_batches import Shop
from tests.support.database.ledger_entries import enter_material
from tests.support.database.schema_inspection import execute_statements
from tests.support.database.traced_batches import SUPPLIER, at_hour, store_traced_batches


@pytest.fixture
def traced(migrated: str, monkeypatch: pytest.MonkeyPatch) -> Shop:
    monkeypatch.setenv("COLUMNS", "200")
    store_traced_batches(migrated)
    return Shop(migrated)


def test_a_lot_shows_its_batches_and_no_others(traced: Shop) -> None:
    result = traced.run_command("trace", "--lot", "A-17", "--format", "csv")
    assert result.exit_code == 0
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [(row["batch"], row["share (%)"], row["mass (g)"]) for row in rows] == [
        ("dosing_system_01-20261123-002", "100", "40"),
        ("dosing_system_01-20261123-003", "100", "40"),
        ("dosing_system_01-20261123-004", "25", "10"),
    ]
    table = traced.run_command("trace", "--lot", "a - 17").stdout
    assert "Batches with lot a - 17" in table
    assert "dosing_system_01-20261123-004" in table
    said = json.loads(
        traced.run_command("trace", "--lot", "B-2", "--chemical", "t-12", "--format", "json").stdout
    )
    assert [row["share_percent"] for row in said["rows"]] == [75.0, 100.0, 100.0]
    assert {row["certificate"] for row in said["rows"]} == {"CoA 4711"}


def test_a_batch_shows_its_lots(traced: Shop) -> None:
    result = traced.run_command("trace", "--batch", "dosing_system_01-20261123-004")
    assert result.exit_code == 0
    for word in ("A-17", "25", "2026-11-22", SUPPLIER, "B-2", "75", "2027-05-01", "CoA 4711", "yes"):
        assert word in result.stdout
    assert traced.run_command("trace", "--batch", "dosing_system_01-20261123-001").exit_code == 1


def test_shares_below_one_percent_are_kept_and_hidden(traced: Shop) -> None:
    execute_statements(traced.dsn, "UPDATE batch_lots SET share = 0.009 WHERE share = 0.25")
    shown = traced.run_command("trace", "--batch", "dosing_system_01-20261123-004")
    assert "A-17" not in shown.stdout
    assert "1 share below 1 %: --all shows them." in shown.stderr
    whole = traced.run_command("trace", "--batch", "dosing_system_01-20261123-004", "--all")
    assert "A-17" in whole.stdout
    assert whole.stderr == ""


def test_the_lot_to_open_next_is_the_one_that_expires_first(traced: Shop) -> None:
    assert traced.run_command("trace", "--next").exit_code == 1
    for number, expires_on, grams in (
        ("C", "2199-01-01", 25_000),
        ("D", "2198-01-01", 200),
        ("E", "2001-01-01", 9),
    ):
        enter_material(
            traced.dsn, at_hour(1), "delivery", grams, number, device_id="store", expires_on=expires_on
        )
    enter_material(traced.dsn, at_hour(7), "drum_change", 25_000, "C")  # all of it
    result = traced.run_command("trace", "--next", "--chemical", "T-12", "--format", "json")
    rows = json.loads(result.stdout)["rows"]
    assert [(row["lot_number"], row["rank"], row["mass_g"], row["place"]) for row in rows] == [
        ("D", 1, 200.0, "store"), ("E", None, 9.0, "store"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "exit_code", "sentence"),
    [
        ((), EXIT_ERROR, "Give one of --lot, --batch and --next."),
        (("--lot", "A", "--next"), EXIT_ERROR, "Give one of"),
        (("--batch", "x", "--chemical", "y"), EXIT_ERROR, "--chemical is for --lot and --next."),
        (("--lot", "none"), 1, "No batch has lot none."),
        (("--batch", "none"), 1, "There is no batch none"),
    ],
)
def test_what_cannot_be_traced_is_a_sentence(
    traced: Shop, arguments: tuple[str, ...], exit_code: int, sentence: str
) -> None:
    result = traced.run_command("trace", *arguments)
    assert (result.exit_code, sentence in result.stderr) == (exit_code, True)
