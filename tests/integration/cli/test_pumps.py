"""``dosing-tui pumps`` on a real database."""

import csv
import io
import json
from datetime import timedelta

import pytest
from msgspec.structs import replace

from dosing_tui.cli.main import EXIT_ERROR
from tests.integration.cli.test_batches import Shop
from tests.support.database.reading_samples import DOSE, NOW
from tests.support.database.stored_batches import write_readings

TUBE = ("pumps", "log", "tube", "station-1", "--pump", "2", "--as", "Anna")


@pytest.fixture
def shop(migrated: str) -> Shop:
    at = NOW - timedelta(days=1)
    write_readings(
        migrated, [replace(DOSE, time=at + timedelta(minutes=n), pump=2, dedup=n) for n in range(20)]
    )
    return Shop(migrated)


def test_work_is_entered_listed_withdrawn_and_begins_the_use_of_a_tube_anew(shop: Shop) -> None:
    entered = shop.run_command(*TUBE, "--at", (NOW - timedelta(hours=2)).isoformat(), "--note", "3.2 mm")
    assert entered.stdout.endswith(": tube change, pump 2 of station-1.\n")
    number = entered.stdout.split()[1].rstrip(":")
    checked = shop.run_command(
        "pumps", "log", "check", "station-1", "--pump", "2", "--target", "40", "--readings", "40.1 39.9; 40,3"
    )
    assert "check weighing, pump 2 of station-1, mean 40.10 g, CV 0.50 %" in checked.stdout
    rows = json.loads(shop.run_command("pumps", "list", "--format", "json").stdout)["rows"]
    assert [row["kind"] for row in rows] == ["check weighing", "tube change"]
    assert (rows[1]["person"], rows[1]["note"], rows[0]["readings_g"]) == ("Anna", "3.2 mm", "40.1 39.9 40.3")
    taken_back = shop.run_command("pumps", "withdraw", number, "--reason", "of pump 3")
    assert taken_back.stdout.startswith(f"Entry {number} is withdrawn by entry ")
    listed = list(csv.DictReader(io.StringIO(shop.run_command("pumps", "list", "--format", "csv").stdout)))
    assert [row["withdrawn"] for row in listed if row["entry"] == number] == ["withdrawn"]


def test_what_is_due_is_listed_by_urgency(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "No pump has a limit" in shop.run_command("pumps", "due").stderr
    monkeypatch.setenv("DOSING_PUMPS_TUBE_LIFE_G", "2000")
    monkeypatch.setenv("DOSING_PUMPS_CALIBRATION_DAYS", "100000000")
    assert shop.run_command("pumps", "due").exit_code == EXIT_ERROR
    monkeypatch.setenv("DOSING_PUMPS_CALIBRATION_DAYS", "10000")
    assert shop.run_command("migrate").exit_code == 0  # the limits in the database count
    rows = json.loads(shop.run_command("pumps", "due", "--format", "json").stdout)["rows"]
    assert [(row["work"], row["limit"], row["unit"]) for row in rows] == [
        ("tube change", 2000.0, "g"), ("calibration", 10_000.0, "d"),
    ]  # fmt: skip
    assert rows[0]["used"] == pytest.approx(20 * 50.2)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("log", "tube", "station-1"), "A scale has no tube. Choose a pump."),
        (("log", "check", "station-1", "--readings", "forty"), "forty are not weighings"),
        (("withdraw", "99", "--reason", "x"), "There is no such entry."),
    ],
)
def test_wrong_input_is_a_sentence_and_exit_2(shop: Shop, words: tuple[str, ...], sentence: str) -> None:
    result = shop.run_command("pumps", *words)
    assert result.exit_code == EXIT_ERROR
    assert sentence in result.stderr


def test_an_empty_log_is_exit_1(shop: Shop) -> None:
    result = shop.run_command("pumps", "list")
    assert (result.exit_code, result.stderr) == (1, "The log has no such entry.\n")


def test_the_panel_of_pumps_is_filtered_by_pump(shop: Shop) -> None:
    days = ("--from", "2026-11-22", "--to", "2026-11-24")
    panel = ("panel", "pump_capability", *days, "--format", "json")
    rows = json.loads(shop.run_command(*panel, "--pump", "2").stdout)["rows"]
    assert [(row["pump"], row["doses"]) for row in rows] == [(2, 20)]
    unknown = shop.run_command(*panel, "--pump", "3")
    assert (unknown.exit_code, "pump: '3' is not known." in unknown.stderr) == (EXIT_ERROR, True)
    doses = ("panel", "doses", *days, "--format", "json")
    pumps = [row["pump"] for row in json.loads(shop.run_command(*doses, "--pump", "2").stdout)["rows"]]
    assert pumps == [2] * 20
    ignored = shop.run_command("panel", "inventory", "--pump", "2")
    assert "Panel inventory has no filter by pump: --pump is ignored." in ignored.stderr
