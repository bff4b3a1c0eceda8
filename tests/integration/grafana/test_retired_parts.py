"""What is retired is in no list of the present, here and in Grafana; what it did stays in the history."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import psycopg
import pytest
from msgspec import Struct, structs
from msgspec.structs import replace
from psycopg.rows import DictRow

from dosing_tui.cli import alarm_actions
from dosing_tui.database.panel_reader import PanelReader
from dosing_tui.database.pumps.service_log import read_service_states
from dosing_tui.database.reports.shift_report import read_shift_report
from dosing_tui.domain.alarms.models import Actor
from dosing_tui.domain.alarms.operator_commands import CommandContext
from dosing_tui.domain.panels.panel_catalog import PANELS, PanelQuery
from dosing_tui.domain.time.shift_calendar import ShiftPeriod
from tests.integration.grafana.test_same_rows import BOARDS, ZONE, console, grafana, select_panel_rows
from tests.support.database.reading_samples import settings_for
from tests.support.database.sample_month import REBUILT_AT

__all__ = ["console", "grafana"]

PRESENT = {"batches_left", "inventory", "material_book", "station_status", "stock_outlook"}
"""Panels of the present state, whatever the range: what is retired is not in them."""
HISTORY = {
    "accuracy_histogram", "accuracy_summary", "batches_today", "consumption_by_chemical",
    "consumption_over_time", "daily_summary", "doses", "dosing_duration", "error_rate", "production_today",
    "pump_capability", "pump_chemicals", "stock_balance", "today_by_chemical",
}  # fmt: skip
"""Panels of a range: what was done before a retirement stays in them."""
STATION, OTHER, TANK = "station-1", "station-0", "T-12"
QUERY = PanelQuery(datetime(2026, 10, 3, tzinfo=UTC), REBUILT_AT, REBUILT_AT)
Rows = Mapping[str, list[Any]]
"""Of whatever panel."""


def read_all(reader: PanelReader) -> Rows:
    return {name: reader.read_panel(panel, QUERY) for name, panel in PANELS.items()}


@pytest.fixture(scope="module")
def before(plant: str, console: PanelReader) -> Rows:
    """The rows before the retirement of a station and of a tank of another one."""
    settings = settings_for(plant, zone=ZONE)
    rows = read_all(console)
    for tag in (f"RETIRED/{STATION}", f"RETIRED/{OTHER}/{TANK}"):
        alarm_actions.apply_command(
            settings, alarm_actions.find_alarms_or_normal(settings, [tag]),
            CommandContext(Actor("Anna", "anna"), datetime.now(UTC)),
            partial(alarm_actions.build_removal_entry, reason="gone"),
        )  # fmt: skip
    return rows


def is_retired(row: object) -> bool:
    device, chemical = getattr(row, "device_id", ""), getattr(row, "chemical", "")
    return device == STATION or (device, chemical) == (OTHER, TANK)


def round_numbers(row: object) -> list[object]:
    """The order of a sum's parts is the server's."""
    assert isinstance(row, Struct)
    return [round(value, 6) if isinstance(value, float) else value for value in structs.astuple(row)]


def test_every_panel_is_of_the_present_or_of_the_history() -> None:
    assert not PRESENT & HISTORY
    assert set(PANELS) == PRESENT | HISTORY


@pytest.mark.parametrize("name", sorted(PRESENT))
def test_what_is_retired_is_in_no_panel_of_the_present(
    before: Rows,
    console: PanelReader,
    grafana: psycopg.Connection[DictRow],
    name: str,
) -> None:
    rows: list[Any] = console.read_panel(PANELS[name], QUERY)
    assert any(map(is_retired, before[name]))
    kept = [row for row in before[name] if not is_retired(row)]
    if name == "batches_left":
        # a recipe of the other station may lack the tank's chemical now
        assert {(row.device_id, row.recipe) for row in rows} == {(row.device_id, row.recipe) for row in kept}
        short = [(row.scarcest, *row.without_level.split(", ")) for row in rows if row.device_id == OTHER]
        assert not any(TANK in names for names in short)
    else:
        assert list(map(round_numbers, rows)) == list(map(round_numbers, kept))
    assert BOARDS
    shown = select_panel_rows(grafana, PANELS[name], QUERY)
    assert len(shown) == len(rows)
    assert STATION not in {row["device_id"] for row in shown}
    assert (OTHER, TANK) not in {(row["device_id"], row.get("chemical")) for row in shown}


@pytest.mark.parametrize("name", sorted(HISTORY))
def test_the_history_of_what_is_retired_stays(
    before: Rows,
    console: PanelReader,
    name: str,
) -> None:
    assert before[name]
    rows = console.read_panel(PANELS[name], QUERY)
    assert list(map(round_numbers, rows)) == list(map(round_numbers, before[name]))


def test_a_report_leaves_out_what_was_retired_before_its_shift(plant: str, before: Rows) -> None:
    settings = settings_for(plant, zone=ZONE)
    now = datetime.now(UTC)
    earlier = ShiftPeriod("Early", REBUILT_AT - timedelta(hours=8), REBUILT_AT)
    later = ShiftPeriod("Late", now + timedelta(hours=1), now + timedelta(hours=9))
    stock = [read_shift_report(settings, shift, now=shift.until).stock for shift in (earlier, later)]
    parts = [{(tank.device_id, tank.chemical) for tank in tanks} for tanks in stock]
    assert (OTHER, TANK) in parts[0]
    assert STATION in {device for device, _ in parts[0]}
    assert parts[1] == {part for part in parts[0] if part[0] != STATION and part != (OTHER, TANK)}


def test_nothing_is_due_at_a_retired_station(plant: str, before: Rows) -> None:
    settings = settings_for(plant, zone=ZONE)
    stations = {each.device_id for each in read_service_states(settings, REBUILT_AT)}
    assert OTHER in stations
    assert STATION not in stations
    elsewhere = replace(settings, plant=replace(settings.plant, site="another site"))
    assert STATION in {each.device_id for each in read_service_states(elsewhere, REBUILT_AT)}
