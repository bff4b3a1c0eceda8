"""The dialog that asks for an operator's note."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from msgspec.structs import replace

from dosing_tui.domain.panels.operator_notes import NoteDraft
from dosing_tui.tui.dialogs.note_dialog import NoteDialog
from tests.support.tui.dialog_driver import LOOKS, SIZES, assert_whole, open_dialog
from tests.support.tui.sample_plant import HOSTILE, NOW

BERLIN = ZoneInfo("Europe/Berlin")
GIVEN = NoteDraft(at=NOW, text="", author="M. Berg")
DEVICES = ("dosing_system_01", "dosing_system_02")


def make_dialog(given: NoteDraft = GIVEN, *, look: str = "dark") -> NoteDialog:
    return NoteDialog(LOOKS[look], given, devices=DEVICES, zone=BERLIN)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES)
async def test_what_is_known_is_filled_in_on_every_window(look: str, size: str) -> None:
    async with open_dialog(make_dialog(look=look), size=SIZES[size]) as asked:
        assert_whole(asked, SIZES[size])
        for word in ("M. Berg", "2026-03-11 15:26:44", "the whole plant", "0 of 500"):
            assert word in asked.screen_text
        assert asked.screen_text.isascii() is (look == "ascii")
        assert "#ffffff" not in asked.colours


async def test_text_and_enter_make_a_note() -> None:
    async with open_dialog(make_dialog()) as asked:
        await asked.press_keys(*"Filter", "space", *"new", "enter")
        assert asked.results == [replace(GIVEN, text="Filter new")]


async def test_author_time_and_station_can_be_changed() -> None:
    async with open_dialog(make_dialog()) as asked:
        await asked.press_keys(
            "x", "tab", "ctrl+u", *"Zoe", "tab", "ctrl+u", *"2026-03-11", "space", *"06:00"
        )
        await asked.press_keys("down", "right", "right", "enter")
        moment = datetime(2026, 3, 11, 5, 0, tzinfo=UTC)
        assert asked.results == [NoteDraft(moment, "x", "Zoe", "dosing_system_02")]


async def test_a_note_without_text_or_author_or_time_is_not_taken_and_it_is_said_why() -> None:
    async with open_dialog(make_dialog()) as asked:
        assert "▲ The note has no text." in await asked.press_keys("enter")
        assert "▲" not in await asked.press_keys("x")
        assert "enter your name" in await asked.press_keys("tab", "ctrl+u", "enter")
        assert "Enter the time as 2026-11-24" in await asked.press_keys("A", "tab", "x", "enter")
        assert "outside 2020" in await asked.press_keys("ctrl+u", *"1999-01-01T00:00", "enter")
        assert asked.results == []


@pytest.mark.parametrize("hour", [0, 1])
async def test_the_time_of_an_hour_that_comes_twice_is_the_one_given(hour: int) -> None:
    moment = datetime(2026, 10, 25, hour, 30, 0, 250, tzinfo=UTC)
    async with open_dialog(make_dialog(NoteDraft(moment, "x", "A"))) as asked:
        assert "2026-10-25 02:30:00" in asked.screen_text
        await asked.press_keys("enter")
        assert asked.results == [NoteDraft(moment, "x", "A")]


async def test_a_long_note_is_shown_whole_at_its_end_and_bounded() -> None:
    async with open_dialog(make_dialog()) as asked:
        await asked.paste_text(" ".join(f"word{number}" for number in range(200)))
        assert "500 of 500" in asked.screen_text
        await asked.press_keys("enter")
        (note,) = asked.results
        assert note is not None
        assert len(note.text) == 500


async def test_escape_saves_nothing() -> None:
    async with open_dialog(make_dialog()) as asked:
        await asked.press_keys("x", "escape")
        assert asked.results == [None]


@pytest.mark.parametrize("look", LOOKS)
async def test_hostile_text_is_only_text(look: str) -> None:
    given = NoteDraft(NOW, HOSTILE, HOSTILE, HOSTILE)
    async with open_dialog(make_dialog(given, look=look)) as asked:
        await asked.paste_text(HOSTILE)
        assert_whole(asked, (80, 24))
        await asked.press_keys("enter")
        (note,) = asked.results
        assert note is not None
        assert (note.text + note.author).isprintable()
        assert note.device == HOSTILE
