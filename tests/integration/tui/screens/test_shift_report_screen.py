"""The shift report on the screen: read behind it, leafed through, saved."""

from dataclasses import replace
from pathlib import Path

import pytest

from dosing_tui.config.settings import ConsoleSettings, GlyphMode, Settings
from dosing_tui.tui.app.app import TerminalOptions
from dosing_tui.tui.rendering.palette import ColourRole
from dosing_tui.tui.screens.shift_report_screen import ShiftReportPage, render_page
from tests.support.domain.shift_report_samples import sample
from tests.support.tui.console_driver import LARGE, SMALL, console, settings
from tests.support.tui.sample_plant import HOSTILE, FakeSource


def saving_to(folder: Path) -> Settings:
    return replace(settings(), console=ConsoleSettings(export_dir=str(folder)))


def texts_in(folder: Path) -> dict[str, str]:
    return {path.suffix: path.read_text() for path in folder.iterdir()}


@pytest.mark.parametrize("size", [LARGE, SMALL])
async def test_s_shows_the_report_of_the_shift_that_is_on_below_status_and_alarms(
    size: tuple[int, int],
) -> None:
    async with console(size=size) as driven:
        before = driven.screen.splitlines()[:2]
        await driven.press("S")
        shown = (await driven.shows("SHIFT REPORT")).splitlines()
        assert shown[:2] == before
        assert "2026-03-11 Late" in driven.screen
        assert "on until 22:00:00, told so far" in driven.screen
        assert "Save text, HTML" in shown[-1]
        assert "more lines" in driven.screen


async def test_every_line_can_be_reached_and_escape_leads_back() -> None:
    async with console(size=SMALL) as driven:
        await driven.press("S")
        await driven.shows("SHIFT REPORT")
        assert "HANDOVER" not in driven.screen
        last = await driven.press("end")
        assert "Taken over by" in last
        assert "more lines" not in last
        assert await driven.press("up") != last
        assert "SHIFT REPORT" in await driven.press("home")
        assert "DOSED (G)" in await driven.press("space")
        assert "Inventory" in await driven.press("escape")


async def test_brackets_lead_to_the_shift_before_and_after_but_not_into_the_future() -> None:
    async with console() as driven:
        await driven.press("S")
        await driven.shows("2026-03-11 Late")
        await driven.press("left_square_bracket")
        await driven.shows("2026-03-11 Early")
        await driven.press("left_square_bracket")
        await driven.shows("2026-03-10 Night")
        await driven.press("right_square_bracket")
        await driven.shows("2026-03-11 Early")
        await driven.press("right_square_bracket")
        await driven.shows("2026-03-11 Late")
        assert "There is no later shift yet." in await driven.press("right_square_bracket")


async def test_e_saves_text_and_html(tmp_path: Path) -> None:
    async with console(chosen=saving_to(tmp_path)) as driven:
        await driven.press("S")
        await driven.shows("SHIFT REPORT")
        await driven.press("e")
        await driven.shows("Saved shift_2026-03-11-Late_2026-03-11_142644.txt and .html")
    saved = texts_in(tmp_path)
    assert "T-12 at 16.3 %" in saved[".txt"]
    assert saved[".html"].startswith("<!DOCTYPE html>")


async def test_what_the_plant_says_is_text_in_it_and_nothing_else(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        FakeSource, "read_shift_report", lambda self, shift, now: sample(shift, made_at=now, recipe=HOSTILE)
    )
    async with console(size=SMALL) as driven:
        await driven.press("S")
        shown = await driven.shows("[@click=app.quit]x[/]")
        assert "\x1b" not in shown
        assert all(len(line) == SMALL[0] for line in shown.splitlines())


async def test_a_database_that_is_away_is_said_and_refresh_asks_again() -> None:
    async with console() as driven:
        driven.source.away = "The database is restarting."
        await driven.press("S")
        await driven.shows("There is no report: The database is restarting.")
        driven.source.away = ""
        await driven.press("r")
        await driven.shows("SHIFT REPORT")


async def test_a_plant_without_shifts_is_told_so() -> None:
    async with console(chosen=replace(settings(), shifts=())) as driven:
        assert "No shifts are set" in await driven.press("S")


async def test_it_is_ascii_where_the_terminal_is() -> None:
    async with console(size=SMALL, where=TerminalOptions(glyphs=GlyphMode.ASCII)) as driven:
        await driven.press("S")
        assert (await driven.shows("SHIFT REPORT")).isascii()


def test_only_what_is_marked_has_a_colour_of_alarm() -> None:
    lines = ("SHIFT", "-----", "  Doses   23", "! To review  2 batches")
    rows = render_page(ShiftReportPage(lines), 0, 40, 6)
    loud = [y for y, row in enumerate(rows) if any(pen.fg is ColourRole.WARN for _, pen in row)]
    assert loud == [3]
