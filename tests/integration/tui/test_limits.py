"""Every limit has one home: its setting moves the alarm, the console's line and Grafana's line alike."""

import json
from dataclasses import replace
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from dosing_tui.config.alarm_limits import build_alarm_limits, build_tolerance_rules, get_limit
from dosing_tui.config.settings import AlarmSettings, LimitSettings, Settings
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.models import AlarmEvent
from dosing_tui.domain.batch_review.exception_checks import ReviewLimits
from dosing_tui.domain.messages.models import Reading
from dosing_tui.domain.panels.panel_catalog import PlantLimit
from dosing_tui.domain.tolerances.rules import DEFAULT_RULES
from dosing_tui.grafana.provisioning import GrafanaOptions, build_provisioning_files
from tests.support.domain.evaluated_plant import Plant
from tests.support.tui.console_driver import MEDIUM, make_settings, open_console

SEEN = GrafanaOptions("viewer", "$__env{P}", "disable", "/boards")


def list_raised_rules(plant: Plant, *readings: Reading) -> set[str]:
    """The rules of the alarms that these readings raise."""
    plant.receive_readings(*readings)
    plant.advance_clock(12)
    return {entry.key.rule for entry in plant.journal if entry.event is AlarmEvent.RAISE}


def build_plant(chosen: Settings) -> Plant:
    return Plant(build_alarm_limits(chosen))


def find_grafana_panel(chosen: Settings, title: str) -> Any:
    files = build_provisioning_files(chosen, SEEN)
    boards = [json.loads(text) for name, text in files.items() if name.endswith(".json")]
    return next(panel for board in boards for panel in board["panels"] if panel["title"] == title)


def list_thresholds(part: Any) -> list[float | None]:
    return [step["value"] for step in part["thresholds"]["steps"]]


def list_override_thresholds(panel: Any, column: str) -> list[float | None]:
    [found] = [o for o in panel["fieldConfig"]["overrides"] if o["matcher"]["options"] == column]
    properties = {one["id"]: one["value"] for one in found["properties"]}
    return [step["value"] for step in properties["thresholds"]["steps"]]


@pytest.mark.parametrize(("percent", "is_raised"), [(5.0, True), (20.0, False)])
async def test_the_error_rate_setting_moves_alarm_console_and_grafana(
    percent: float, is_raised: bool
) -> None:
    chosen = replace(make_settings(), alarms=AlarmSettings(error_rate_percent=percent))
    plant = build_plant(chosen)
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
    assert list_thresholds(find_grafana_panel(chosen, "Error rate")["fieldConfig"]["defaults"]) == [
        None,
        percent,
    ]
    summary = next(
        panel
        for board in (
            json.loads(t) for n, t in build_provisioning_files(chosen, SEEN).items() if ".json" in n
        )
        for panel in board["panels"]
        if panel["description"].endswith("accuracy_summary")
    )
    assert list_override_thresholds(summary, "out_percent") == [None, -percent, percent]


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
    shown = find_grafana_panel(chosen, "Accuracy")["description"]
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
    assert "Tolerance class X(0.2)," in find_grafana_panel(chosen, "Accuracy")["description"]


def test_the_mean_errors_limit_marks_days_in_grafana() -> None:
    chosen = replace(make_settings(), alarms=AlarmSettings(mean_error_g=0.7))
    days = find_grafana_panel(chosen, "Daily production")
    assert list_override_thresholds(days, "mean_error_g") == [None, -0.7, 0.7]


@pytest.mark.parametrize(("low", "warn", "is_raised"), [(20.0, 50.0, False), (35.0, 60.0, True)])
async def test_the_stock_marks_move_alarm_console_and_grafana(
    low: float, warn: float, is_raised: bool
) -> None:
    chosen = replace(make_settings(), limits=LimitSettings(stock_low_percent=low, stock_warn_percent=warn))
    plant = build_plant(chosen)
    assert ("STOCK_LOW" in list_raised_rules(plant, plant.make_level(30.0))) is is_raised
    async with open_console(chosen=chosen) as driven:
        await driven.wait_for_text(f"limits {low:g} / {warn:g} %")
        tile = driven.app.dashboard_screen.tiles["inventory"]._content
        assert tile is not None
        assert tile.data.limits == (low, warn)
    assert list_thresholds(find_grafana_panel(chosen, "Inventory")["fieldConfig"]["defaults"]) == [
        None,
        low,
        warn,
    ]
    alerts = build_provisioning_files(chosen, SEEN)["alerting/dosing.yaml"]
    assert f"- {low}" in alerts


def test_defaults_have_one_home() -> None:
    assert build_alarm_limits(Settings()) == replace(AlarmLimits(), zone=ZoneInfo("UTC"))
    review, limits = ReviewLimits(), LimitSettings()
    assert build_tolerance_rules(Settings()) == review.tolerances.newest.rules == DEFAULT_RULES
    assert review.stock_low_percent == limits.stock_low_percent
    assert all(get_limit(Settings(), limit) > 0 for limit in PlantLimit)
