"""The dialog that asks for an operator's note."""

from dataclasses import replace
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.tui.dialogs.note_dialog import NoteDialog
from tests.support.tui.dialog_driver import SIZES, THEMES, assert_frame_closed, open_dialog
from tests.support.tui.sample_plant import HOSTILE, NOW

BERLIN = ZoneInfo("Europe/Berlin")
GIVEN = NoteDraft(at=NOW, text="", author="M. Berg")
DEVICES = ("dosing_system_01", "dosing_system_02")


def dialog(given: NoteDraft = GIVEN, *, look: str = "dark") -> NoteDialog:
    return NoteDialog(THEMES[look], given, devices=DEVICES, zone=BERLIN)


@pytest.mark.parametrize("look", THEMES)
@pytest.mark.parametrize("size", SIZES)
async def test_what_is_known_is_filled_in_on_every_window(look: str, size: str) -> None:
    async with open_dialog(dialog(look=look), size=SIZES[size]) as driver:
        assert_frame_closed(driver, SIZES[size])
        for word in ("M. Berg", "2026-03-11 15:26:44", "the whole plant", "0 of 500"):
            assert word in driver.shown
        assert driver.shown.isascii() is (look == "ascii")
        assert "#e0b341" not in driver.colours


async def test_text_and_enter_make_a_note() -> None:
    async with open_dialog(dialog()) as driver:
        await driver.press(*"Filter", "space", *"new", "enter")
        assert driver.results == [replace(GIVEN, text="Filter new")]


async def test_author_time_and_station_can_be_changed() -> None:
    async with open_dialog(dialog()) as driver:
        await driver.press("x", "tab", "ctrl+u", *"Zoe", "tab", "ctrl+u", *"2026-03-11", "space", *"06:00")
        await driver.press("down", "right", "right", "enter")
        moment = datetime(2026, 3, 11, 5, 0, tzinfo=UTC)
        assert driver.results == [NoteDraft(moment, "x", "Zoe", "dosing_system_02")]


async def test_a_note_without_text_or_author_or_time_is_not_taken_and_it_is_said_why() -> None:
    async with open_dialog(dialog()) as driver:
        assert "▲ The note has no text." in await driver.press("enter")
        assert "▲" not in await driver.press("x")
        assert "enter your name" in await driver.press("tab", "ctrl+u", "enter")
        assert "Enter the time as 2026-11-24" in await driver.press("A", "tab", "x", "enter")
        assert "outside 2020" in await driver.press("ctrl+u", *"1999-01-01T00:00", "enter")
        assert driver.results == []


@pytest.mark.parametrize("hour", [0, 1])
async def test_the_time_of_an_hour_that_comes_twice_is_the_one_given(hour: int) -> None:
    moment = datetime(2026, 10, 25, hour, 30, 0, 250, tzinfo=UTC)
    async with open_dialog(dialog(NoteDraft(moment, "x", "A"))) as driver:
        assert "2026-10-25 02:30:00" in driver.shown
        await driver.press("enter")
        assert driver.results == [NoteDraft(moment, "x", "A")]


async def test_a_long_note_is_shown_whole_at_its_end_and_bounded() -> None:
    async with open_dialog(dialog()) as driver:
        await driver.paste(" ".join(f"word{number}" for number in range(200)))
        assert "500 of 500" in driver.shown
        await driver.press("enter")
        (note,) = driver.results
        assert note is not None
        assert len(note.text) == 500


async def test_escape_saves_nothing() -> None:
    async with open_dialog(dialog()) as driver:
        await driver.press("x", "escape")
        assert driver.results == [None]


@pytest.mark.parametrize("look", THEMES)
async def test_hostile_text_is_only_text(look: str) -> None:
    given = NoteDraft(NOW, HOSTILE, HOSTILE, HOSTILE)
    async with open_dialog(dialog(given, look=look)) as driver:
        await driver.paste(HOSTILE)
        assert_frame_closed(driver, (80, 24))
        await driver.press("enter")
        (note,) = driver.results
        assert note is not None
        assert (note.text + note.author).isprintable()
        assert note.device == HOSTILE
