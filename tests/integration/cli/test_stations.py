"""``dosing-tui stations``: a station or a tank is retired and returned, with name and reason."""

import json
from pathlib import Path

from click.testing import CliRunner, Result

from dosing_tui.cli.main import EXIT_ERROR, main
from dosing_tui.config.settings import Settings
from dosing_tui.domain.alarms.catalog import RETIRED
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey
from tests.integration.cli.test_alarms import plant as plant
from tests.support.database.stored_journal import read_journal

STATION = "dosing_system_01"


def run_stations(settings: Settings, tmp_path: Path, *arguments: str) -> Result:
    config = tmp_path / "dosing-tui.toml"
    config.write_text(
        f"[plant]\ndevices = ['new one']\n[database]\ndsn = {json.dumps(settings.database.dsn)}\n"
    )
    return CliRunner().invoke(main, ["--config", str(config), "stations", *arguments])


def test_a_station_is_retired_listed_and_returned(plant: Settings, tmp_path: Path) -> None:
    """It is known by its alarm alone: its readings are long gone."""
    done = run_stations(plant, tmp_path, "retire", STATION.upper(), "--reason", "sold", "--as", "Anna")
    assert (done.exit_code, done.stdout) == (0, f"retired: RETIRED/{STATION}\n"), done.output
    listed = run_stations(plant, tmp_path, "list").stdout.splitlines()
    assert listed[0].startswith(f"{STATION}: retired since ")
    assert listed[0].endswith(" by Anna: sold")
    assert listed[1] == "new one: in service"
    again = run_stations(plant, tmp_path, "retire", STATION, "--reason", "sold")
    assert again.exit_code == EXIT_ERROR
    assert "is out of service already" in again.output
    back = run_stations(plant, tmp_path, "unretire", STATION, "--comment", "kept after all", "--as", "Ben")
    assert (back.exit_code, back.stdout) == (0, f"back in service: RETIRED/{STATION}\n")
    entries = [each for each in read_journal(plant) if each.key == AlarmKey(RETIRED, STATION)]
    assert [(each.event, each.who.name, each.comment) for each in entries] == [
        (AlarmEvent.REMOVE_FROM_SERVICE, "Anna", "sold"),
        (AlarmEvent.RETURN_TO_SERVICE, "Ben", "kept after all"),
    ]


def test_a_tank_is_retired_by_its_chemical_and_a_typing_error_by_none(
    plant: Settings, tmp_path: Path
) -> None:
    done = run_stations(plant, tmp_path, "retire", STATION, "--chemical", "t-12", "--reason", "drum removed")
    assert done.stdout == f"retired: RETIRED/{STATION}/T-12\n"
    assert (
        run_stations(plant, tmp_path, "retire", STATION, "--chemical", "T-13", "--reason", "x").exit_code == 2
    )
    unknown = run_stations(plant, tmp_path, "retire", "dosing_system_77", "--reason", "x")
    assert "No station dosing_system_77 is known" in unknown.output
    assert run_stations(plant, tmp_path, "retire", "new one").exit_code == 2, "a reason is required"


def test_what_is_not_retired_cannot_be_returned(plant: Settings, tmp_path: Path) -> None:
    refused = run_stations(plant, tmp_path, "unretire", STATION)
    assert refused.exit_code == EXIT_ERROR
    assert f"RETIRED/{STATION} is not out of service." in refused.output
