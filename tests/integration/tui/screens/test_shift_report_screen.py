"""The shift report on the screen: read behind it, leafed through, saved."""

from dataclasses import replace
from pathlib import Path

import pytest

from dosing_tui.config.settings import ConsoleSettings, GlyphMode, Settings
from dosing_tui.tui.app.terminal_options import TerminalOptions
from dosing_tui.tui.rendering.palette import ColourRole
from dosing_tui.tui.screens.shift_report_screen import ShiftReportPage, render_page
from tests.support.domain.shift_report_samples import make_report
from tests.support.tui.console_driver import LARGE, SMALL, make_settings, open_console
from tests.support.tui.sample_plant import HOSTILE, FakeSource


def saving_to(folder: Path) -> Settings:
    return replace(make_settings(), console=ConsoleSettings(export_dir=str(folder)))


def texts_in(folder: Path) -> dict[str, str]:
    return {path.suffix: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_s_shows_the_report_of_the_shift_that_is_on_below_status_and_alarms(
    size: tuple[int, int],
) -> None:
    async with open_console(size=size) as driven:
        before = driven.screen.splitlines()[:2]
        await driven.press_keys("S")
        shown = (await driven.wait_for_text("SHIFT REPORT")).splitlines()
        assert shown[:2] == before
        assert "2026-03-11 Late" in driven.screen
        assert "(in progress)" in driven.screen
        assert "Save text, HTML" in shown[-1]
        assert "more lines" in driven.screen


async def test_every_line_can_be_reached_and_escape_leads_back() -> None:
    async with open_console(size=SMALL) as driven:
        await driven.press_keys("S")
        await driven.wait_for_text("SHIFT REPORT")
        assert "HANDOVER" not in driven.screen
        last = await driven.press_keys("end")
        assert "Taken over by" in last
        assert "more lines" not in last
        assert await driven.press_keys("up") != last
        assert "SHIFT REPORT" in await driven.press_keys("home")
        assert "DOSED (G)" in await driven.press_keys("space")
        assert "Inventory" in await driven.press_keys("escape")


async def test_brackets_lead_to_the_shift_before_and_after_but_not_into_the_future() -> None:
    async with open_console() as driven:
        await driven.press_keys("S")
        await driven.wait_for_text("2026-03-11 Late")
        await driven.press_keys("left_square_bracket")
        await driven.wait_for_text("2026-03-11 Early")
        await driven.press_keys("left_square_bracket")
        await driven.wait_for_text("2026-03-10 Night")
        await driven.press_keys("right_square_bracket")
        await driven.wait_for_text("2026-03-11 Early")
        await driven.press_keys("right_square_bracket")
        await driven.wait_for_text("2026-03-11 Late")
        assert "There is no later shift yet." in await driven.press_keys("right_square_bracket")


async def test_e_saves_text_and_html(tmp_path: Path) -> None:
    async with open_console(chosen=saving_to(tmp_path)) as driven:
        await driven.press_keys("S")
        await driven.wait_for_text("SHIFT REPORT")
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
        await driven.wait_for_text("SHIFT REPORT")


async def test_a_plant_without_shifts_is_told_so() -> None:
    async with open_console(chosen=replace(make_settings(), shifts=())) as driven:
        assert "No shifts are set" in await driven.press_keys("S")


async def test_it_is_ascii_where_the_terminal_is() -> None:
    async with open_console(size=SMALL, where=TerminalOptions(glyphs=GlyphMode.ASCII)) as driven:
        await driven.press_keys("S")
        assert (await driven.wait_for_text("SHIFT REPORT")).isascii()


def test_only_what_is_marked_has_a_colour_of_alarm() -> None:
    lines = ("SHIFT", "-----", "  Doses   23", "! To review  2 batches")
    rows = render_page(ShiftReportPage(lines), 0, 40, 6)
    loud = [y for y, row in enumerate(rows) if any(pen.fg is ColourRole.DEVIATION for _, pen in row)]
    assert loud == [3]
