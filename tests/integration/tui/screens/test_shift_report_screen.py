"""The shift report on the screen: read behind it, leafed through, saved."""

from pathlib import Path

import pytest
from msgspec import structs
from msgspec.structs import replace

from dosing_tui.config.settings import ConsoleSettings, GlyphMode, Settings
from dosing_tui.domain.shift_handover import HandoverSignature, ShiftHandover
from dosing_tui.tui.app.terminal_options import TerminalOptions
from dosing_tui.tui.rendering.palette import ColourRole
from dosing_tui.tui.screens.shift_report_screen import ShiftReportPage, render_page
from tests.support.domain.shift_report_samples import make_report
from tests.support.tui.console_driver import LARGE, SMALL, make_settings, open_console
from tests.support.tui.sample_plant import HOSTILE, NOW, FakeSource
from tests.support.tui.sign_on import sign_on_now


def saving_to(folder: Path) -> Settings:
    return replace(make_settings(), console=ConsoleSettings(export_dir=str(folder)))


def texts_in(folder: Path) -> dict[str, str]:
    return {path.suffix: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_s_shows_the_report_of_the_shift_that_is_on_below_status_and_alarms(
    size: tuple[int, int],
) -> None:
    async with open_console(size=size) as driven:
        before = driven.screen.splitlines()[1]
        await driven.press_keys("S")
        shown = (await driven.wait_for_text("SHIFT HANDOVER")).splitlines()
        assert "› Shift report " in shown[0]
        assert shown[1] == before
        assert "Late Wed 2026-03-11 14:00–22:00 in progress" in driven.screen
        for hint in ("enter Details", "h Hand over", "t Take over", "esc Back"):
            assert hint in shown[-1]
        assert ("more lines" in driven.screen) is (size == SMALL)


async def test_every_line_can_be_reached_and_escape_leads_back() -> None:
    async with open_console(size=SMALL) as driven:
        await driven.press_keys("S")
        await driven.wait_for_text("SHIFT HANDOVER")
        assert "Taken over by" not in driven.screen
        assert "Taken over by" in await driven.press_keys("end")
        assert "SHIFT REPORT" in await driven.press_keys("enter")
        last = await driven.press_keys("end")
        assert "SIGNATURES" in last
        assert "more lines" not in last
        assert await driven.press_keys("up") != last
        assert "SHIFT REPORT" in await driven.press_keys("home")
        assert "DETAILS" in await driven.press_keys("space")
        assert "SHIFT HANDOVER" in await driven.press_keys("enter")
        assert "Inventory" in await driven.press_keys("escape")


async def test_brackets_lead_to_the_shift_before_and_after_but_not_into_the_future() -> None:
    async with open_console() as driven:
        await driven.press_keys("S")
        await driven.wait_for_text("Late Wed 2026-03-11")
        await driven.press_keys("left_square_bracket")
        await driven.wait_for_text("Early Wed 2026-03-11")
        await driven.press_keys("left_square_bracket")
        await driven.wait_for_text("Night Tue 2026-03-10")
        await driven.press_keys("right_square_bracket")
        await driven.wait_for_text("Early Wed 2026-03-11")
        await driven.press_keys("right_square_bracket")
        await driven.wait_for_text("Late Wed 2026-03-11")
        assert "There is no later shift yet." in await driven.press_keys("right_square_bracket")


async def test_e_saves_text_and_html(tmp_path: Path) -> None:
    async with open_console(chosen=saving_to(tmp_path)) as driven:
        await driven.press_keys("S")
        await driven.wait_for_text("SHIFT HANDOVER")
        await driven.press_keys("e")
        await driven.wait_for_text("Saved shift_2026-03-11-Late_2026-03-11_142644.txt and .html")
    saved = texts_in(tmp_path)
    assert "T-12 at 16.3 %" in saved[".txt"]
    assert saved[".html"].startswith("<!DOCTYPE html>")


async def test_what_the_plant_says_is_text_in_it_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        FakeSource,
        "read_shift_report",
        lambda self, shift, now: make_report(shift, made_at=now, recipe=HOSTILE),
    )
    async with open_console(size=SMALL) as driven:
        await driven.press_keys("S")
        await driven.wait_for_text("SHIFT HANDOVER")
        await driven.press_keys("enter", "space")
        shown = await driven.wait_for_text("[@click=app.quit]x[/]")
        assert "\x1b" not in shown
        assert all(len(line) == SMALL[0] for line in shown.splitlines())


async def test_a_database_that_is_away_is_said_and_refresh_asks_again() -> None:
    async with open_console() as driven:
        driven.source.away = "The database is restarting."
        await driven.press_keys("S")
        await driven.wait_for_text("There is no report: The database is restarting.")
        driven.source.away = ""
        await driven.press_keys("r")
        await driven.wait_for_text("SHIFT HANDOVER")


async def test_the_one_who_leaves_signs_with_a_note_and_somebody_else_takes_over() -> None:
    async with open_console(size=SMALL) as driven:
        await driven.press_keys("S")
        await driven.wait_for_text("SHIFT HANDOVER")
        assert "Late shift of Wed 11 Mar 14:00." in await driven.press_keys("h")
        assert "Enter what the next shift has to know" in await driven.press_keys("enter")
        await driven.press_keys(*"pump", "tab", *"Anna", "enter")
        await driven.wait_for_text("Shift handed over by Anna.")
        assert [(note.author, note.text) for note in driven.source.notes] == [
            ("Anna", "Shift handover, Late 2026-03-11 14:00+0000: pump")
        ]
        # a typed name signs nobody on: the next form does not know it
        assert "Take over the shift" in await driven.press_keys("t")
        assert "Enter your name." in await driven.press_keys("tab", "enter")
        await driven.press_keys(*"Ben", "enter")
        await driven.wait_for_text("Shift taken over by Ben.")
        assert [note.author for note in driven.source.notes] == ["Anna", "Ben"]


async def test_the_name_of_the_one_who_is_signed_on_is_there_already() -> None:
    async with open_console(size=SMALL) as driven:
        sign_on_now(driven.app.services.operator, "Anna")
        await driven.press_keys("S")
        await driven.wait_for_text("SHIFT HANDOVER")
        await driven.press_keys("t", "tab", "enter")
        await driven.wait_for_text("Shift taken over by Anna.")


async def test_nobody_takes_over_from_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    signed = HandoverSignature("Anna", NOW, "pump", "dosing")
    monkeypatch.setattr(
        FakeSource,
        "read_shift_report",
        lambda self, shift, now: structs.replace(
            make_report(shift, made_at=now), handover=ShiftHandover(signed)
        ),
    )
    async with open_console(size=SMALL) as driven:
        await driven.press_keys("S")
        await driven.wait_for_text("SHIFT HANDOVER")
        assert "Anna (role dosing), 11 Mar" in await driven.press_keys("end")
        shown = await driven.press_keys("t", "tab", *"anna", "enter")
        assert "Anna handed over this shift: somebody else has to sign here." in shown
        await driven.press_keys("ctrl+u", *"Ben", "enter")
        await driven.wait_for_text("Shift taken over by Ben.")


async def test_a_plant_without_shifts_says_so() -> None:
    async with open_console(chosen=replace(make_settings(), shifts=())) as driven:
        assert "No shifts are set" in await driven.press_keys("S")


async def test_it_is_ascii_where_the_terminal_is() -> None:
    async with open_console(size=SMALL, where=TerminalOptions(glyphs=GlyphMode.ASCII)) as driven:
        await driven.press_keys("S")
        assert (await driven.wait_for_text("SHIFT HANDOVER")).isascii()


def test_only_what_is_marked_has_a_colour_of_alarm() -> None:
    lines = ("SHIFT", "-----", "  Doses   23", "! To review  2 batches")
    rows = render_page(ShiftReportPage(lines), 0, 40, 6)
    loud = [y for y, row in enumerate(rows) if any(pen.fg is ColourRole.DEVIATION for _, pen in row)]
    assert loud == [3]
