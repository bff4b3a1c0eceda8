"""Every limit has one home: its setting moves the alarm, the console's line and Grafana's line alike."""

import re
from datetime import timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from msgspec import structs
from msgspec.structs import replace

import dosing_tui
from dosing_tui.config.alarm_limits import build_alarm_limits, build_tolerance_rules
from dosing_tui.config.sections.pump_settings import PumpSettings
from dosing_tui.config.settings import AlarmLimitSettings, AlarmSettings, LimitSettings, Settings
from dosing_tui.database.schema.plant_limits import read_alarm_limits
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.domain.batch_review.exception_checks import ReviewLimits
from dosing_tui.domain.messages.models import Reading
from dosing_tui.domain.panels.panel_catalog import PlantLimit
from dosing_tui.domain.tolerances.rules import DEFAULT_RULES
from dosing_tui.grafana.provisioning import build_provisioning_files
from dosing_tui.grafana.sql_macros import LOWEST
from dosing_tui.tui.tiles.accuracy import build_accuracy, build_error_rate
from dosing_tui.tui.tiles.production import build_daily_production
from dosing_tui.tui.tiles.pumps.pump_table import build_pump_table
from tests.support.database.reading_samples import settings_for
from tests.support.database.stored_batches import write_readings
from tests.support.domain.evaluated_plant import EvaluatedPlant
from tests.support.grafana.shown_limits import (
    SEEN,
    enter_limits,
    find_grafana_panel,
    read_alert,
    read_tank_colors,
    read_thresholds,
)
from tests.support.tui import sample_plant
from tests.support.tui.console_driver import MEDIUM, make_settings, open_console


def list_raised_rules(plant: EvaluatedPlant, *readings: Reading) -> set[str]:
    """The rules of the alarms that these readings raise."""
    plant.receive_readings(*readings)
    plant.advance_clock(12)
    return {entry.key.rule for entry in plant.journal if entry.event is AlarmEvent.RAISE}


def build_plant(chosen: Settings) -> EvaluatedPlant:
    return EvaluatedPlant(build_alarm_limits(chosen))


def build_stored_plant(dsn: str, chosen: Settings) -> EvaluatedPlant:
    """A plant whose alarms have the limits that a collector with these settings enters."""
    return EvaluatedPlant(read_alarm_limits(enter_limits(dsn, chosen)))


@pytest.mark.parametrize(("percent", "is_raised"), [(5.0, True), (20.0, False)])
async def test_the_error_rate_setting_moves_alarm_console_and_grafana(
    migrated: str, percent: float, is_raised: bool
) -> None:
    chosen = replace(make_settings(), alarms=AlarmSettings(error_rate_percent=percent))
    plant = build_stored_plant(migrated, chosen)
    for number in range(20):
        plant.advance_clock(10)
        plant.receive_readings(plant.make_dose(0.6 if number < 2 else 0.0, dedup=number))
    assert ("ERR_RATE_1H" in list_raised_rules(plant)) is is_raised
    async with open_console(chosen=chosen, size=MEDIUM) as driven:
        await driven.press_keys("4")
        await driven.wait_for_text(f"limit {percent:g}")
        tile = driven.app.dashboard_screen.tiles["errors"]._content
        assert tile is not None
        assert (tile.data.limit, tile.data.min_top) == (percent, 2 * percent)
    rate = find_grafana_panel("Error rate")
    assert rate["fieldConfig"]["defaults"]["custom"]["thresholdsStyle"] == {"mode": "line"}
    assert read_thresholds(migrated, rate) == [(LOWEST, "green"), (percent, "red")]
    summary = find_grafana_panel("Accuracy", panel="accuracy_summary")
    assert read_thresholds(migrated, summary, "out_percent") == [
        (LOWEST, "red"), (-percent, "text"), (percent, "red"),
    ]  # fmt: skip
    assert find_column_color(summary, "out_percent") == {"mode": "thresholds"}


def find_column_color(panel: Any, column: str) -> Any:
    """How a column's colour is chosen."""
    [found] = [o for o in panel["fieldConfig"]["overrides"] if o["matcher"]["options"] == column]
    return next(one["value"] for one in found["properties"] if one["id"] == "color")


def describe_histogram(chosen: Settings) -> str:
    files = build_provisioning_files(chosen, SEEN)
    return str(find_grafana_panel("Accuracy", files, panel="accuracy_histogram")["description"])


@pytest.mark.parametrize(("tolerance", "is_raised"), [(0.5, True), (0.9, False)])
async def test_the_tolerance_setting_moves_alarm_console_and_grafana(
    tolerance: float, is_raised: bool
) -> None:
    chosen = replace(make_settings(), limits=LimitSettings(tolerance_g=tolerance))
    plant = build_plant(chosen)
    assert ("DOSE_OUT_OF_TOL" in list_raised_rules(plant, plant.make_dose(0.8))) is is_raised
    async with open_console(chosen=chosen, size=MEDIUM) as driven:
        await driven.press_keys("4")
        await driven.wait_for_text(f"limit ±{tolerance:g}")
        await driven.wait_for_text(f"Beyond ±{tolerance:g} g")
        tile = driven.app.dashboard_screen.tiles["accuracy"]._content
        assert tile is not None
        assert tile.data.tolerance_g == tolerance
    shown = describe_histogram(chosen)
    assert f"Tolerance ±{tolerance:g} g, unless the master recipe has its own." in shown


async def test_where_the_tolerance_depends_on_the_dose_no_line_pretends_otherwise() -> None:
    chosen = replace(make_settings(), limits=LimitSettings(class_="X(0.2)"))
    async with open_console(chosen=chosen, size=MEDIUM) as driven:
        await driven.press_keys("4")
        await driven.wait_for_text("limits by dose")
        await driven.wait_for_text("Out of tolerance")
        tile = driven.app.dashboard_screen.tiles["accuracy"]._content
        assert tile is not None
        assert tile.data.tolerance_g is None
    assert "Tolerance class X(0.2)," in describe_histogram(chosen)


def test_the_mean_errors_limit_marks_days_in_grafana(migrated: str) -> None:
    enter_limits(migrated, replace(make_settings(), alarms=AlarmSettings(mean_error_g=0.7)))
    days = find_grafana_panel("Daily production")
    assert read_thresholds(migrated, days, "mean_error_g") == [
        (LOWEST, "red"), (-0.7, "text"), (0.7, "red"),
    ]  # fmt: skip
    assert find_column_color(days, "mean_error_g") == {"mode": "thresholds"}


@pytest.mark.parametrize(("low", "warn", "is_raised"), [(20.0, 50.0, False), (35.0, 60.0, True)])
async def test_the_stock_marks_move_alarm_console_and_grafana(
    migrated: str, low: float, warn: float, is_raised: bool
) -> None:
    chosen = replace(make_settings(), limits=LimitSettings(stock_low_percent=low, stock_warn_percent=warn))
    plant = build_stored_plant(migrated, chosen)
    assert ("STOCK_LOW" in list_raised_rules(plant, plant.make_level(30.0))) is is_raised
    async with open_console(chosen=chosen) as driven:
        await driven.wait_for_text(f"limits {low:g} / {warn:g} %")
        tile = driven.app.dashboard_screen.tiles["inventory"]._content
        assert tile is not None
        assert {tank.limits for tank in tile.data.tanks} == {(low, warn)}
    expected = {low - 0.1: "red", low: "yellow", warn: "yellow", warn + 0.1: "green"}
    levels = [plant.make_level(percent, chemical=f"at {percent:g}") for percent in expected]
    write_readings(migrated, [plant.make_level(30.0), *levels])
    colors = read_tank_colors(migrated, plant.now)
    assert {percent: colors[f"at {percent:g}"] for percent in expected} == expected
    limits = {
        row["chemical"]: row["limit_value"] for row in read_alert(migrated, "dosing-low-inventory", "L")
    }
    assert set(limits.values()) == {low}
    holds = {row["chemical"]: row["condition"] for row in read_alert(migrated, "dosing-low-inventory", "A")}
    assert (holds["T-12"] == 1) is is_raised


@pytest.mark.parametrize("own_low", [10.0, 90.0])
async def test_consoles_with_other_settings_show_the_marks_of_the_database(
    migrated: str, own_low: float
) -> None:
    stored = replace(
        make_settings(),
        limits=LimitSettings(stock_low_percent=30.0, stock_warn_percent=60.0, cpk_low=0.8),
        alarms=AlarmSettings(error_rate_percent=12.0, mean_error_g=0.7, offline_minutes=3),
        alarm_limits=(AlarmLimitSettings(chemical="T-12", stock_low_percent=44.0),),
        pumps=PumpSettings(tube_life_g=500.0),
    )
    enter_limits(migrated, stored)
    limits = LimitSettings(stock_low_percent=own_low, stock_warn_percent=95.0, cpk_low=own_low)
    own = replace(make_settings(), limits=limits, alarms=AlarmSettings(error_rate_percent=own_low))
    live = sample_plant.live_plant(sample_plant.make_history(), sample_plant.make_levels())
    live.set_limits(read_alarm_limits(replace(own, database=settings_for(migrated).database)))
    async with open_console(chosen=own, live=live, size=MEDIUM) as driven:
        await driven.wait_for_text("limits 30 / 60 %")
        tile = driven.app.dashboard_screen.tiles["inventory"]._content
        assert tile is not None
        found = {tank.chemical: tank.limits for tank in tile.data.tanks}
        assert found["T-12"] == (44.0, 60.0)
        assert {found[name] for name in found if name != "T-12"} == {(30.0, 60.0)}
        context = driven.app.controllers.dashboard.build_context(
            live.get_snapshot(sample_plant.NOW), sample_plant.NOW
        )
        assert build_error_rate(context).data.limit == 12.0
        assert build_accuracy(context).data.max_out_percent == 12.0
        assert build_daily_production(context).data.context.max_mean_error_g == 0.7
        pumps = build_pump_table(context).data.context
        assert (pumps.cpk_low, pumps.limits.plant.tube_life_g) == (0.8, 500.0)
        assert context.limits.offline_after == timedelta(minutes=3)


def test_no_screen_takes_a_limit_from_the_settings() -> None:
    """They are what ``migrate`` enters; in force is the database's."""
    words = re.compile(r"settings\.(limits|alarms|alarm_limits|pumps|pump_limits)\b|build_service_limits")
    folder = Path(dosing_tui.__file__).parent
    found = {
        f"{path.relative_to(folder)}: {match[0]}"
        for room in ("tui", "export")
        for path in sorted((folder / room).rglob("*.py"))
        for match in words.finditer(path.read_text())
    }
    assert found == set()


def test_defaults_have_one_home() -> None:
    assert build_alarm_limits(Settings()) == structs.replace(AlarmLimits(), zone=ZoneInfo("UTC"))
    review, limits = ReviewLimits(), LimitSettings()
    assert build_tolerance_rules(Settings()) == review.tolerances.newest.rules == DEFAULT_RULES
    assert review.stock == build_alarm_limits(Settings()).stock
    assert review.stock.get_limits("") == (limits.stock_low_percent, limits.stock_warn_percent)
    assert all(AlarmLimits().get_limit(limit) > 0 for limit in PlantLimit)
