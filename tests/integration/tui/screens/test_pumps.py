"""Screen 0: the pumps, and the control chart behind a row."""

from collections.abc import Sequence
from typing import TypeVar

import pytest
from msgspec.structs import replace

from dosing_tui.config.settings import LimitSettings
from dosing_tui.domain.capability import pump_history
from dosing_tui.domain.capability.service_log import ServiceKind
from dosing_tui.domain.panels.panel_catalog import PUMP_CAPABILITY, Panel, PanelQuery
from dosing_tui.tui.screens import pump_chart_screen
from tests.support.tui.console_driver import LARGE, SMALL, make_settings, open_console, wait_for
from tests.support.tui.sample_plant import FakeSource, make_history

Row = TypeVar("Row")


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
        assert "g/s" in shown
        assert "…" not in "".join(shown.splitlines()[2:7])
        assert "esc Back" in shown.splitlines()[-1]
        newest = shown
        moved = await driven.press_keys("left")
        assert moved != newest
        assert await driven.press_keys("end") == newest
        assert "Pump capability" in await driven.press_keys("escape")


async def test_work_is_entered_at_the_pump_that_is_marked_however_new_the_rows_are() -> None:
    """Newer rows that the terminal has no room for yet, and a row that has gone."""
    source = FewerPumps(make_history())
    async with open_console(source=source) as driven:
        await driven.press_keys("0")
        await driven.wait_for_text("Pump capability")
        await driven.press_keys("down")
        row = driven.app.dashboard_screen.selected_pump
        assert row is not None
        source.hidden_pump = row.pump
        driven.app.updater.schedule_redraw = lambda: None  # type: ignore[method-assign]  # the terminal is slow
        driven.clock.move_forward(2)
        await driven.press_keys("r")
        results = driven.app.controllers.dashboard.panel_cache.results
        await wait_for(lambda: row not in (results[PUMP_CAPABILITY.id].rows or ()))
        shown = await driven.press_keys("w")
        if "Log of pumps and scales" in shown:
            assert f"pump {row.pump}" in shown
            await driven.press_keys("escape")
        driven.app.updater.redraw_screens()
        assert "The selected row is no longer in the table" in await driven.press_keys("w")
        assert driven.app.screen is driven.app.dashboard_screen
        await driven.press_keys("down")
        assert "Log of pumps and scales" in await driven.press_on_next_screen("w")


class FewerPumps(FakeSource):
    hidden_pump = 0

    def read_panel(self, panel: Panel[Row], query: PanelQuery) -> Sequence[Row]:
        rows = super().read_panel(panel, query)
        return [row for row in rows if getattr(row, "pump", None) != self.hidden_pump or not self.hidden_pump]


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


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_work_at_a_pump_is_entered_by_keys_and_a_wrong_entry_is_a_sentence(
    size: tuple[int, int],
) -> None:
    source = FakeSource(make_history(days=0.2))
    async with open_console(size=size, source=source) as driven:
        await driven.press_keys("0")
        await driven.wait_for_text("Pump capability")
        asked = await driven.press_keys("down", "w")
        assert "← tube change →" in asked
        assert "use of its tube start again" in asked
        assert "Enter your name." in await driven.press_keys("enter")
        await driven.press_keys(*["tab"] * 6, *"Zoe", "enter")
        row = driven.app.dashboard_screen.selected_pump
        assert row is not None
        await driven.wait_for_text(f"Entered: tube change, pump {row.pump} of {row.device_id}.")
        (entered,) = source.services
        assert (entered.person, entered.pump, entered.kind) == ("Zoe", row.pump, ServiceKind.TUBE)


async def test_a_check_weighing_needs_its_weighings_and_a_tare_is_of_the_scale() -> None:
    source = FakeSource(make_history(days=0.2))
    async with open_console(source=source) as driven:
        await driven.press_keys("0")
        await driven.wait_for_text("Pump capability")
        assert "← check weighing →" in await driven.press_keys("w", "right", "right")
        await driven.press_keys(*["tab"] * 6, *"Zoe")
        assert "Enter the mass that was asked for" in await driven.press_keys("enter")
        await driven.press_keys("tab", "tab", "tab", *"40", "tab", *"forty")
        assert "forty are not weighings" in await driven.press_keys("enter")
        await driven.press_keys(*["backspace"] * 5, *"40.1 39.9", "enter")
        await driven.wait_for_text("mean 40.00 g.")
        assert source.services[0].readings_g == (40.1, 39.9)
        await driven.press_keys("w", "left", *["tab"] * 6, *"Zoe", "enter")
        await driven.wait_for_text("Entered: tare, scale of")
        assert source.services[1].pump is None
