"""How many keys the frequent tasks take from the overview, counted on the console as it is pressed."""

from dataclasses import dataclass
from datetime import timedelta

import pytest

from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.tui.alarms.alarm_screen import AlarmScreen
from dosing_tui.tui.screens.shift_report_screen import ShiftReportScreen
from tests.support.tui.console_driver import LARGE, MEDIUM, SMALL, Console, open_console, wait_for

SIZES = {"80x24": SMALL, "100x30": MEDIUM, "120x40": LARGE}


@dataclass
class KeyCounter:
    """Presses keys as they are written: one letter, or the name of a key between blanks."""

    console: Console
    pressed: int = 0

    async def press_keys(self, *keys: str) -> str:
        self.pressed += len(keys)
        return await self.console.press_keys(*keys)


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_last_nights_error_rate_of_one_chemical_takes_eight_keys(size: tuple[int, int]) -> None:
    async with open_console(size=size) as console:
        counter = KeyCounter(console)
        # quality, range: last night, command: only T-12
        await counter.press_keys("4", "g", "n", "colon", "t", "1", "2", "enter")
        console.clock.move_forward(2)
        night = console.app.controllers.scopes.resolve_spec(console.app.controllers.scopes.range_spec)
        assert (night.since.hour, night.until.hour, night.until - night.since) == (22, 6, timedelta(hours=8))
        await wait_for(
            lambda: any(
                query.selection.get_values(Dimension.CHEMICAL) == ("T-12",)
                and (query.since, query.until) == night
                for panel, query in zip(console.source.asked, console.source.queries, strict=False)
                if panel == "error_rate"
            )
        )
        screen = await console.wait_for_text("last night (Night Tue 10 Mar 22:00–06:00)")
        assert "chemical T-12" in screen
        assert "Error rate" in screen
        assert counter.pressed <= 8


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
async def test_the_tasks_of_an_operator(size: tuple[int, int]) -> None:
    """Each from the overview, and ``esc`` leads back there."""
    async with open_console(size=size) as console:
        for keys, text in (
            (("a",), "Alarms"),
            (("b",), "Batches"),
            (("S",), "SHIFT HANDOVER"),
            (("6", "enter"), "Batches"),
            (("g", "l"), "last shift"),
            (("g", "n"), "last night"),
            (("colon", "e", "r", "r", "enter"), "Error rate"),
            (("f1",), "Keys"),
        ):
            await console.press_keys(*keys)
            await console.wait_for_text(text)
            await console.press_keys("escape", "escape", "full_stop", "1")
            await wait_for(lambda: not isinstance(console.app.screen, AlarmScreen | ShiftReportScreen))
            await console.wait_for_text("› Overview")
