"""``dosing-tui panel`` from the command line to a real database and back: rows, refusals, exit statuses."""

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from click.testing import CliRunner, Result
from msgspec.structs import replace

from dosing_tui.cli.main import main
from dosing_tui.database.batches.incremental_rebuild import rebuild_changed_days
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.presence.station_status_writer import StationStatusWriter
from dosing_tui.database.reading_writer import ReadingWriter
from dosing_tui.demo.servers.mqtt_broker import find_free_port
from dosing_tui.domain.messages.models import Reading
from dosing_tui.domain.panels.filters import Dimension, Selection
from dosing_tui.domain.panels.panel_catalog import PANELS
from dosing_tui.domain.presence.models import ConnectionReport, StationReport
from dosing_tui.domain.time.latest_batch import find_latest_batch
from dosing_tui.domain.time.time_range import TimeRange
from tests.support.database.reading_samples import (
    DOSE,
    EVENT,
    LEVEL,
    NOW,
    make_doses,
    number_rows,
    settings_for,
)
from tests.support.database.stored_batches import write_readings

FROM_TO = ("--from", "2026-11-23 06:00", "--to", "2026-11-23 14:00")
STARTED = replace(EVENT, event="start", time=NOW - timedelta(minutes=10), dedup=2)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)
HOSTILE = "=cmd|'/c calc'!A1"


@pytest.fixture
def plant(migrated: str) -> str:
    """A database with two stations' doses at eleven in Berlin."""
    fill_plant(migrated, NOW)
    return migrated


def fill_plant(dsn: str, at: datetime) -> None:
    writer = ReadingWriter(settings_for(dsn))
    other = replace(DOSE, device_id="station-2", chemical=HOSTILE, recipe="CU-85", mode="manual", dedup=9)
    writer.write(uuid4(), number_rows(*move_readings(at - NOW, DOSE, other, STARTED, EVENT, LEVEL)))
    writer.close()
    rebuild_changed_days(settings_for(dsn), now=at + timedelta(minutes=1))
    statuses = StationStatusWriter(settings_for(dsn))
    statuses.write_news([StationReport(DOSE.device_id, at, False, ConnectionReport.ONLINE)])
    statuses.close()


def move_readings(later: timedelta, *readings: Reading) -> list[Reading]:
    return [replace(each, time=each.time + later, received_at=each.received_at + later) for each in readings]


def test_a_range_that_retention_has_dropped_is_not_said_to_have_no_data(plant: str) -> None:
    with psycopg.connect(plant, autocommit=True) as session:
        session.execute(
            "UPDATE dropped_readings SET spans = '{[2026-01-01 00:00+00, 2026-09-01 22:00+00)}'"
            " WHERE table_name = 'dosing_consumption'"
        )
    whole = run_panel(plant, "doses", "--from", "2026-08-01", "--to", "2026-08-02").stderr
    assert "Retention has dropped its doses from 2026-08-01 00:00 to 2026-08-03 00:00." in whole
    part = run_panel(plant, "doses", "--from", "2026-08-31", "--to", "2026-09-04").stderr
    assert "Retention has dropped its doses from 2026-08-31 00:00 to 2026-09-02 00:00." in part
    assert "Retention" not in run_panel(plant, "doses", "--from", "2026-09-03", "--to", "2026-09-04").stderr


def run_panel(dsn: str, *arguments: str) -> Result:
    env = {"DOSING_DATABASE_DSN": dsn, "DOSING_PLANT_TIMEZONE": "Europe/Berlin", "COLUMNS": "100"}
    return CliRunner().invoke(main, ["panel", *arguments], env=env)


def test_every_panel_answers_in_every_format(migrated: str) -> None:
    """Yesterday: some panels know the last weeks only."""
    days = (datetime.now(UTC).date() - NOW.date()).days - 1
    at = NOW + timedelta(days=days)
    fill_plant(migrated, at)
    # a target is repeated, and listed by the panel of the pumps, from ten doses on
    write_readings(migrated, [dose for dose in make_doses(11, start=at) if dose.dedup])
    # what a tank lost in a day is told from its last level before the day
    write_readings(migrated, move_readings(timedelta(days=days - 1), replace(LEVEL, dedup=LEVEL.dedup + 1)))
    shift = ("--from", f"{at:%Y-%m-%d} 06:00", "--to", f"{at:%Y-%m-%d} 14:00")
    for name in PANELS:
        for form in ("table", "csv", "json"):
            result = run_panel(migrated, name, *shift, "--format", form)
            assert (result.exit_code, result.stderr) == (0, ""), (name, form, result.exception)
            assert result.stdout


def test_csv_has_the_filtered_rows_and_nothing_to_calculate(plant: str) -> None:
    result = run_panel(plant, "daily_summary", *FROM_TO, "--format", "csv", "--device", "station-1")
    rows = list(csv.DictReader(io.StringIO(result.stdout, newline="")))
    assert [(row["recipe"], row["doses"], row["dosed (g)"]) for row in rows] == [("CU-65/75", "1", "50.2")]
    one = run_panel(plant, "doses", *FROM_TO, "--format", "csv", "--device", "station-1").stdout
    doses = list(csv.DictReader(io.StringIO(one, newline="")))
    assert [(row["chemical"], row["actual (g)"]) for row in doses] == [(DOSE.chemical, f"{DOSE.actual_g:g}")]
    everyone = run_panel(plant, "today_by_chemical", *FROM_TO, "--format", "csv").stdout
    assert f"'{HOSTILE}" in everyone


def test_json_tells_range_and_selection(plant: str) -> None:
    chosen = ("--device", "station-1", "--device", "station-2", "--mode", "manual")
    document = json.loads(run_panel(plant, "today_by_chemical", *FROM_TO, *chosen, "--format", "json").stdout)
    assert document["range"]["from"] == "2026-11-23T06:00:00+01:00"
    assert document["selection"] == {"device": ["station-1", "station-2"], "mode": ["manual"]}
    assert [row["label"] for row in document["rows"]] == [HOSTILE]


def test_the_table_has_a_caption(plant: str) -> None:
    lines = run_panel(plant, "error_rate", *FROM_TO, "--chemical", "BDO").stdout.splitlines()
    # the year is only said in another one
    assert lines[0].replace(" 2026", "") == "Error rate (%) · 23 Nov 06:00–14:00 · chemical BDO"


def test_a_file_is_written_once(plant: str, tmp_path: Path) -> None:
    path = tmp_path / "out.csv"
    arguments = ("inventory", "--format", "csv", "--output", str(path))
    first = run_panel(plant, *arguments)
    assert (first.exit_code, first.stdout, first.stderr) == (0, "", f"Wrote {path}\n")
    again = run_panel(plant, *arguments)
    assert (again.exit_code, again.stdout) == (2, "")
    assert "exists already; --force replaces it." in again.stderr
    assert run_panel(plant, *arguments, "--force").exit_code == 0
    assert path.read_bytes().startswith(b"device id,chemical,remaining (g)")


def test_in_a_folder_the_file_is_named_after_what_is_in_it(plant: str, tmp_path: Path) -> None:
    result = run_panel(plant, "error_rate", *FROM_TO, "--recipe", "CU-65/75", "--output", str(tmp_path))
    assert result.exit_code == 0
    (path,) = tmp_path.iterdir()
    assert path.name.startswith("error_rate_CU-65-75_2026-11-23_060000_")
    assert path.suffix == ".txt"


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("today_by_chemical", "--from", "2026-11-21", "--to", "2026-11-21"), "No data in this range."),
        (("today_by_chemical", *FROM_TO, "--device", "station-1", "--mode", "manual"),
         "Without the filter there are 2."),
        (("today_by_chemical", "--from", "now+1d", "--to", "now+2d"), "The range is in the future."),
    ],
)  # fmt: skip
def test_no_rows_is_exit_1_and_stderr_says_why(plant: str, arguments: tuple[str, ...], reason: str) -> None:
    result = run_panel(plant, *arguments)
    assert (result.exit_code, result.stdout) == (1, "")
    assert "No rows: Consumption today (g)" in result.stderr
    assert reason in result.stderr
    assert run_panel(plant, *arguments, "--format", "csv").stdout_bytes == b"label,value (g)\r\n"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("eror_rate",), "there is no panel 'eror_rate'. Did you mean 'error_rate'? Panels: today_by"),
        ((), "name a panel. Panels: today_by_chemical"),
        (("error_rate", "--device", "station-3"), "Did you mean 'station-2'? Known: station-1, station-2."),
        (("error_rate", *FROM_TO, "--chemical", "Water"), "chemical: 'Water' is not known. Known: "),
        (("error_rate", *FROM_TO, "--recipe", "CU-8"), "recipe: 'CU-8' is not known. Did you mean 'CU-85'?"),
        (("error_rate", *FROM_TO, "--mode", "\x1b[2J"), "mode: '�[2J' is not known. Known: auto, manual."),
        (("error_rate", "--range", "tody"), "'tody' is not a range."),
        (("error_rate", "--range", "today", "--from", "now-1h"), "Give either --range or --from and --to"),
        (("error_rate", "--to", "now"), "--to needs --from."),
        (("error_rate", "--from", "now", "--to", "now-1h"), "the end is not after the beginning"),
        (("error_rate", "--output", "/dev/null/x.csv", *FROM_TO), "/dev/null/x.csv cannot be written"),
        (("error_rate", "--format", "xml"), "Invalid value for '--format'"),
    ],
)
def test_what_is_wrong_is_exit_2_and_a_sentence(
    plant: str, arguments: tuple[str, ...], sentence: str
) -> None:
    result = run_panel(plant, *arguments)
    assert (result.exit_code, result.stdout) == (2, "")
    assert sentence in result.stderr
    assert "\x1b" not in result.stderr


def test_a_database_without_the_schema_or_the_right_is_exit_2(database: str) -> None:
    result = run_panel(database, "error_rate")
    assert result.exit_code == 2
    assert "run dosing-tui migrate" in result.stderr


def test_a_missing_right_is_exit_2_and_named(plant: str) -> None:
    role = f"nobody_{uuid4().hex}"
    with psycopg.connect(plant, autocommit=True) as session:
        session.execute(f'CREATE ROLE "{role}" LOGIN')
    try:
        result = run_panel(f"{plant} user={role}", "error_rate", *FROM_TO)
        assert result.exit_code == 2
        assert "lacks a right" in result.stderr
    finally:
        with psycopg.connect(plant, autocommit=True) as session:
            session.execute(f'DROP ROLE "{role}"')


def test_a_database_that_is_away_is_exit_3(tmp_path: Path) -> None:
    result = run_panel(f"host=127.0.0.1 port={find_free_port()} dbname=x", "error_rate")
    assert (result.exit_code, result.stdout) == (3, "")
    assert "No database server listens at 127.0.0.1" in result.stderr


def test_a_filter_that_changes_nothing_is_said(plant: str) -> None:
    result = run_panel(plant, "inventory", "--recipe", "CU-85")
    assert result.exit_code == 0
    assert result.stderr == "Panel inventory has no filter by recipe: --recipe is ignored.\n"


def test_this_batch_is_the_one_that_was_started_last(plant: str) -> None:
    result = run_panel(plant, "today_by_chemical", "--range", "This Batch", "--format", "json")
    window = json.loads(result.stdout)["range"]
    assert (window["text"], window["from"]) == ("this batch", "2026-11-23T10:50:00+01:00")
    assert window["to"] == "2026-11-23T11:00:00+01:00"


def test_a_batch_without_an_end_goes_on_until_now() -> None:
    now = NOW + timedelta(hours=1)
    assert find_latest_batch([STARTED], Selection(), now) == TimeRange(STARTED.time, now)
    assert find_latest_batch([STARTED], Selection(device=("station-9",)), now) is None
    assert find_latest_batch([EVENT], Selection(), now) is None


def test_the_panels_are_listed_without_a_database() -> None:
    result = run_panel("hots=1", "--list")
    assert result.exit_code == 0
    assert [line.split()[0] for line in result.stdout.splitlines()] == list(PANELS)


def test_values_are_known_by_dimension_and_since(plant: str) -> None:
    reader = PanelReader(settings_for(plant))
    reader.open()
    try:
        assert reader.list_filter_values(Dimension.DEVICE) == ["station-1", "station-2"]
        assert sorted(reader.list_filter_values(Dimension.CHEMICAL, since=LONG_AGO)) == [HOSTILE, "BDO"]
        assert reader.list_filter_values(Dimension.RECIPE, since=LONG_AGO) == ["CU-65/75", "CU-85"]
    finally:
        reader.close()
