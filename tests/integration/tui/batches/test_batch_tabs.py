"""The list of batches by keys: each status alone, and the next with exceptions beyond what has been read."""

import pytest

from dosing_tui.tui.data import batch_list_state, batch_store
from tests.support.domain.batch_messages import make_dose, make_event
from tests.support.tui.batch_console import (
    every_kind,
    make_clean_batches,
    open_review_console,
    store_readings,
    under_way,
)
from tests.support.tui.console_driver import LARGE, SMALL


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_each_status_is_listed_alone_by_keys_with_how_many_have_it(
    migrated: str, size: tuple[int, int]
) -> None:
    fallen_silent = make_event(1600, "start", "FG-85/95", device="b")
    no_start, only_end = make_dose(2000, "T-9", recipe="BDO-1"), make_event(3000, "complete", "BDO-2")
    store_readings(migrated, *every_kind(), *under_way(), fallen_silent, no_start, only_end)
    alone = {
        "Running": "CU-85", "Complete": "CU-65/75", "Not complete": "BDO-1", "aborted 1": "CU-85",
        "incomplete 1": "FG-85/95", "no start 1": "BDO-1", "complete only 1": "BDO-2",
    }  # fmt: skip
    async with open_review_console(migrated, size=size) as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("All 7")
        for name, recipe in alone.items():
            await plant.press_keys("right")
            shown = await plant.wait_for_text(recipe)
            if name.endswith(" 1"):
                (row,) = [line for line in shown.splitlines() if "■" in line and "□" in line]
                assert (name in shown, recipe in row) == (True, True)
                assert f"■ {name[:8]}" in row
        await plant.press_keys("right")
        await plant.wait_for_text("CU-65/75")


async def test_the_next_with_exceptions_is_found_below_what_has_been_read_and_home_leads_back(
    migrated: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch_store, "PAGE_SIZE", 3)
    monkeypatch.setattr(batch_list_state, "PAGE_SIZE", 3)
    old = make_dose(-339, "T-9", recipe="OLD", actual_g=30.0)
    store_readings(
        migrated,
        make_event(-400, "start", "OLD"),
        old,
        make_event(-330, "complete", "OLD"),
        *make_clean_batches(12),
    )
    async with open_review_console(migrated) as plant:
        await plant.press_keys("b")
        await plant.wait_for_text("All 13")
        assert "OLD" not in plant.console.screen
        await plant.press_keys("N")
        await plant.wait_for_text("T-9 is off by -10.00 g")
        await plant.press_keys("escape")
        await plant.wait_for_text("▲ 2  missing ingr")
        # what lies between is read from here upwards
        assert "CU-85" in await plant.press_keys("up", "up")
        for _ in range(12):
            await plant.press_keys("up")
        await plant.press_keys("end")
        await plant.wait_for_text("OLD")
        await plant.press_keys("home", "enter")
        await plant.wait_for_text("20260311-013")
