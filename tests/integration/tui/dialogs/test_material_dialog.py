"""An entry of the material ledger on the console, by keys: kind, tank, quantity, lot, name; refusals."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, timedelta

import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.config.chemical_sections import ChemicalSettings
from dosing_tui.domain.alarms.models import AlarmEvent, AlarmKey, AlarmStateName, Suppression
from dosing_tui.domain.materials.ledger import MaterialKind
from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.tui.layout.geometry import TileId
from tests.support.tui import sample_plant
from tests.support.tui.alarm_samples import make_state, picture_of
from tests.support.tui.console_driver import LARGE, SMALL, Console, open_console
from tests.support.tui.sample_plant import HOSTILE, FakeSource, live_plant, make_history, make_levels

TANKS = make_levels(percent={"DMDEE": 12.0, "T-12": 16.3, "T-9": 3.0})


@asynccontextmanager
async def open_stocked_console(
    *, size: tuple[int, int] = LARGE, tanks: list[InventoryLevel] = TANKS
) -> AsyncIterator[tuple[Console, FakeSource]]:
    story = make_history(days=0.2)
    source, live = FakeSource(story), live_plant(story, tanks)
    async with open_console(size=size, source=source, live=live) as driven:
        yield driven, source


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_the_chosen_tank_was_refilled_by_so_much_by_somebody(size: tuple[int, int]) -> None:
    async with open_stocked_console(size=size) as (plant, source):
        assert "R Material" in await plant.press_keys("2")
        while plant.app.focused is not plant.app.dashboard_screen.tiles[TileId.TANK_TABLE]:
            await plant.press_keys("tab")
        asked = await plant.press_keys("down", "down", "R")
        assert "← T-12 · dosing_system_01 →" in asked
        assert "the level may then jump up" in asked
        await plant.press_keys(*"14500", "backspace", *["tab"] * 4, *"Zoe", "enter")
        await plant.wait_for_text("Entry 1: refill of 1.45 kg, T-12 (dosing_system_01).")
        (draft,) = source.materials
        assert (draft.kind, draft.mass_g, draft.operator, draft.time) == (
            MaterialKind.REFILL, 1450.0, "Zoe", sample_plant.NOW,
        )  # fmt: skip
        (entry,) = source.entries
        assert (entry.key, entry.event, entry.who.name) == (
            AlarmKey("STOCK_RESET", "dosing_system_01", "T-12"), AlarmEvent.SHELVE, "Zoe",
        )  # fmt: skip
        assert entry.until is not None
        assert (entry.until - entry.at).total_seconds() == 3_600


async def test_a_delivery_has_lot_and_expiry_and_a_loss_needs_a_reason() -> None:
    async with open_stocked_console() as (plant, source):
        assert "← T-9 ·" in await plant.press_keys("2", "R")  # the emptiest
        assert "← delivery →" in await plant.press_keys("shift+tab", "shift+tab", "right")
        await plant.press_keys("tab", "tab", *"2,5", "tab", "right", *["tab"] * 3, *"Anna")
        await plant.press_keys("tab", *"A-17", "tab", "tab", *"2027-05-01", "enter")
        await plant.wait_for_text("Entry 1: delivery of 2.50 kg, T-9")
        (draft,) = source.materials
        assert (draft.lot_number, draft.expires_on) == ("A-17", date(2027, 5, 1))
        shown = await plant.press_keys("R", "shift+tab", "shift+tab", *["right"] * 6)
        assert "← waste →" in shown
        assert "the level may then" not in shown
        shown = await plant.press_keys("tab", "tab", *"100", *["tab"] * 4, *"Anna", "enter")
        assert "A waste needs a reason." in shown
        await plant.press_keys("shift+tab", *"spilled", "enter")
        await plant.wait_for_text("Entry 2: waste of 100.0 g, T-9")
        assert len(source.entries) == 1  # of the delivery


async def test_litres_need_a_density_and_an_old_entry_expects_no_jump() -> None:
    async with open_stocked_console() as (plant, source):
        shown = await plant.press_keys("2", "R", *"2", "tab", "left")
        assert "no density: [[chemicals]] of the settings" in shown
        assert "Litres of T-9 need its density" in await plant.press_keys(*["tab"] * 3, *"Zoe", "enter")
        settings = plant.app.services.settings
        chemicals = (ChemicalSettings("t-9", 1.25),)
        structs.force_setattr(plant.app.services, "settings", replace(settings, chemicals=chemicals))
        await plant.press_keys("escape")
        assert "1.25 g/ml" in await plant.press_keys("R", *"2", "tab", "left")
        await plant.press_keys("tab", "ctrl+u", *"2026-03-01 06:00", "tab", "tab", *"Zoe", "enter")
        await plant.wait_for_text("Entry 1: refill of 2.50 kg, T-9")
        assert sample_plant.NOW - source.materials[0].time > timedelta(days=9)
        assert source.entries == []


async def test_what_cannot_be_is_named_and_nothing_is_entered() -> None:
    async with open_stocked_console() as (plant, source):
        assert "Enter a quantity." in await plant.press_keys("2", "R", "enter")
        assert "'much' is not a number" in await plant.press_keys(*"much", "enter")
        assert "may be thousands" in await plant.press_keys("ctrl+u", *"9,500", "enter")
        shown = await plant.press_keys("ctrl+u", *"10001", *["tab"] * 4, *"Zoe", "enter")
        assert "10 000 g at most" in shown
        hiding = Suppression(AlarmStateName.OUT_OF_SERVICE, sample_plant.NOW, "away")
        plant.live.set_alarms(picture_of(make_state("STOCK_RESET", "T-9", hiding=hiding)))
        plant.app._run_tick()
        await plant.press_keys(*["shift+tab"] * 4, "ctrl+u", *"100", "enter")
        await plant.wait_for_text("Entry 1: refill of 100.0 g, T-9")
        assert source.entries == []


async def test_a_jump_that_came_before_the_word_is_explained() -> None:
    async with open_stocked_console() as (plant, source):
        jumped = make_state("STOCK_RESET", "T-9", active=False, latched=True)
        plant.live.set_alarms(picture_of(jumped))
        plant.app._run_tick()
        await plant.press_keys("2", "R", *"5000", *["tab"] * 4, *"Zoe", "enter")
        await plant.wait_for_text("Entry 1: refill of 5.00 kg")
        assert [entry.event for entry in source.entries] == [AlarmEvent.ACKNOWLEDGE, AlarmEvent.RESET]


async def test_without_tanks_there_is_nothing_to_enter() -> None:
    async with open_stocked_console(tanks=[]) as (plant, _):
        assert "No tank level received yet." in await plant.press_keys("2", "R")


async def test_names_are_only_text_in_the_smallest_terminal() -> None:
    tanks = [structs.replace(TANKS[0], chemical=HOSTILE, device_id=HOSTILE)]
    async with open_stocked_console(size=SMALL, tanks=tanks) as (plant, _):
        shown = await plant.press_keys("2", "R", *HOSTILE[:8])
        for line in shown.splitlines():
            assert line.isprintable()
            assert len(line) == 80
        assert "Enter Save" in shown
