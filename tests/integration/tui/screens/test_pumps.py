"""Screen 0: the pumps, and the control chart behind a row."""

from dataclasses import replace

import pytest

from dosing_tui.config.settings import LimitSettings
from dosing_tui.domain.capability import pump_history
from dosing_tui.tui.screens import pump_chart_screen
from tests.support.tui.console_driver import SMALL, make_settings, open_console


async def test_a_row_leads_to_its_control_chart_and_back() -> None:
    strict = replace(make_settings(), limits=LimitSettings(cpk_low=9.0))
    async with open_console(size=SMALL, chosen=strict) as driven:
        await driven.press_keys("0")
        table = await driven.wait_for_text("Pump capability")
        assert "Cpk below 9: not capable" in table
        assert "Pump chemicals last 200 doses" in table
        first = table.splitlines()[4].split()
        assert "■" in first
        await driven.press_keys("enter")
        shown = await driven.wait_for_text("UCL")
        assert f"pump {first[1]}" in shown
        assert "not capable" in shown
        assert "esc Back" in shown.splitlines()[-1]
        newest = shown
        moved = await driven.press_keys("left")
        assert moved != newest
        assert await driven.press_keys("end") == newest
        assert "Pump capability" in await driven.press_keys("escape")


async def test_a_chart_of_many_doses_says_how_many_it_has_and_finds_runs_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    searches = []
    monkeypatch.setattr(
        pump_chart_screen,
        "find_runs",
        lambda errors, limits: searches.append(len(errors)) or [],  # type: ignore[func-returns-value]
    )
    monkeypatch.setattr(pump_history, "MAX_CHART_DOSES", 12)
    monkeypatch.setattr(pump_chart_screen, "MAX_CHART_DOSES", 12)
    async with open_console() as driven:
        await driven.press_keys("0")
        await driven.wait_for_text("Pump capability")
        await driven.press_keys("enter")
        shown = await driven.wait_for_text("UCL")
        assert "doses, the newest 12 drawn" in shown
        await driven.press_keys("left", "left", "end")
    assert searches == [12]
