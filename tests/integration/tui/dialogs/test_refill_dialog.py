"""A refill told of on the console, by keys: which tank, how much, by whom; and what is refused."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from dosing_tui.domain.alarm_rules.evaluator import Evaluator
from dosing_tui.domain.alarm_rules.shared.limits import AlarmLimits
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, AlarmStateName, Suppression
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.tui.dialogs.refill_dialog import parse_mass
from dosing_tui.tui.layout.geometry import TileId
from dosing_tui.tui.widgets.form_dialog import InvalidEntryError
from tests.support.tui import sample_plant
from tests.support.tui.alarm_samples import Journal, make_state, picture_of
from tests.support.tui.console_driver import LARGE, SMALL, Console, open_console
from tests.support.tui.sample_plant import HOSTILE, FakeSource, live_plant, make_history, make_levels

TANKS = make_levels(percent={"DMDEE": 12.0, "T-12": 16.3, "T-9": 3.0})


@asynccontextmanager
async def open_stocked_console(
    *, size: tuple[int, int] = LARGE, tanks: list[InventoryLevel] = TANKS
) -> AsyncIterator[tuple[Console, Journal]]:
    story = make_history(days=0.2)
    source, live = FakeSource(story), live_plant(story, tanks)
    journal = Journal(live, Evaluator(AlarmLimits(), expected_stations=(), started_at=sample_plant.NOW))
    source.on_journal = journal.take_entries
    async with open_console(size=size, source=source, live=live) as driven:
        yield driven, journal


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_the_chosen_tank_was_refilled_to_so_much_by_somebody(size: tuple[int, int]) -> None:
    async with open_stocked_console(size=size) as (plant, journal):
        assert "R Refill" in await plant.press_keys("2")
        while plant.app.focused is not plant.app.dashboard_screen.tiles[TileId.TANK_TABLE]:
            await plant.press_keys("tab")
        asked = await plant.press_keys("down", "down", "R")
        assert "← T-12 · dosing_system_01 →" in asked
        assert "of 15 000" in asked
        await plant.press_keys(*"14500", "backspace", "tab", *"Zoe", "enter")
        await plant.wait_for_text("Refilled to 1450 g: T-12 (dosing_system_01).")
        (entry,) = journal.entries
        assert (entry.key, entry.event) == (
            AlarmKey("STOCK_RESET", "dosing_system_01", "T-12"),
            AlarmEvent.SHELVE,
        )
        assert (entry.value, entry.who.name, entry.comment) == (1450.0, "Zoe", "Refilled to 1450 g.")
        assert entry.until is not None
        assert (entry.until - entry.at).total_seconds() == 3_600


async def test_without_a_choice_it_is_about_the_emptiest_tank_and_another_may_be_chosen() -> None:
    async with open_stocked_console() as (plant, journal):
        assert "← T-9 ·" in await plant.press_keys("2", "R")
        assert "← DMDEE ·" in await plant.press_keys("shift+tab", "right")
        await plant.press_keys("enter")
        await plant.wait_for_text("Refilled: DMDEE")
        assert [entry.key.item for entry in journal.entries] == ["DMDEE"]
        assert journal.entries[0].value is None


async def test_what_cannot_be_is_told_and_nothing_is_journaled() -> None:
    async with open_stocked_console() as (plant, journal):
        assert "is not a number of grams" in await plant.press_keys("2", "R", *"much", "enter")
        assert "10 000 g at most" in await plant.press_keys("ctrl+u", *"10001", "enter")
        hiding = Suppression(AlarmStateName.OUT_OF_SERVICE, sample_plant.NOW, "away")
        plant.live.set_alarms(picture_of(make_state("STOCK_RESET", "T-9", hiding=hiding)))
        plant.app._run_tick()
        await plant.press_keys("ctrl+u", "enter")
        await plant.wait_for_text("is out of service: a refill raises no alarm")
        assert journal.entries == []


async def test_a_jump_that_came_before_the_word_is_explained() -> None:
    async with open_stocked_console() as (plant, journal):
        jumped = make_state("STOCK_RESET", "T-9", active=False, latched=True)
        plant.live.set_alarms(picture_of(jumped))
        plant.app._run_tick()
        await plant.press_keys("2", "R", "enter")
        await plant.wait_for_text("Refilled: T-9")
        assert [entry.event for entry in journal.entries] == [AlarmEvent.ACKNOWLEDGE, AlarmEvent.RESET]


async def test_without_tanks_there_is_nothing_to_refill() -> None:
    async with open_stocked_console(tanks=[]) as (plant, _):
        assert "No tank level received yet." in await plant.press_keys("2", "R")


async def test_names_are_only_text() -> None:
    tanks = [replace(TANKS[0], chemical=HOSTILE, device_id=HOSTILE)]
    async with open_stocked_console(size=SMALL, tanks=tanks) as (plant, _):
        for line in (await plant.press_keys("2", "R")).splitlines():
            assert line.isprintable()
            assert len(line) == 80


@pytest.mark.parametrize(
    ("text", "found"), [("", None), (" ", None), ("9 500", 9500.0), ("9500,5", 9500.5), ("0", 0.0)]
)
def test_grams_are_written_as_people_write_them(text: str, found: float | None) -> None:
    assert parse_mass(text, TANKS[2]) == found


@pytest.mark.parametrize("text", ["-1", "nan", "inf", "1e9", "x", "9,500"])
def test_what_is_no_mass_of_this_tank_is_said(text: str) -> None:
    with pytest.raises(InvalidEntryError):
        parse_mass(text, TANKS[2])
