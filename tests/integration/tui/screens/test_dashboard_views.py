"""The screens of the console, driven by keys: themes, large tiles, range, filters, files."""

import csv
import io
import json
from datetime import timedelta
from pathlib import Path

import pytest

from dosing_tui.config.settings import ConsoleSettings, PlantSettings, Settings
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.tui.dialogs.filter_dialog import FilterDialog
from dosing_tui.tui.dialogs.range_dialog import RangeDialog
from tests.support.tui.console_driver import LARGE, MEDIUM, SMALL, Console, console, until
from tests.support.tui.sample_plant import FakeSource, history


async def seen(driven: Console, *keys: str) -> str:
    """The screen after these keys, with every panel of it answered."""
    await driven.press(*keys)
    await driven.answered()
    return driven.screen


def saved(folder: Path, pattern: str) -> str:
    """What is in the one file of this name."""
    (path,) = folder.glob(pattern)
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("size", [LARGE, MEDIUM, SMALL])
async def test_every_screen_shows_what_it_is_about(size: tuple[int, int]) -> None:
    async with console(size=size) as driven:
        for key, words in {
            "2": ("Inventory", "Tank levels", "16.3 ■"),
            "3": ("Consumption over time", "Consumption today", "● DMDEE"),
            "4": ("Accuracy", "Error rate", "Dosing duration", "Standard deviation"),
            "5": ("Batches by recipe", "Daily production", "vs yesterday", "Wed 11 Mar"),
            "6": ("Recent doses", "1–"),
            "7": ("received = stored",),
        }.items():
            screen = await seen(driven, key)
            assert not [word for word in words if word not in screen]


async def test_only_the_panels_in_sight_are_asked() -> None:
    async with console() as driven:
        await seen(driven, "5")
        driven.clock.move(60)
        before = len(driven.source.asked)
        await until(lambda: len(driven.source.asked) >= before + 3)
        assert set(driven.source.asked[before:]) == {"batches_today", "production_today", "daily_summary"}


async def test_a_large_chart_is_read_by_its_cursor() -> None:
    async with console() as driven:
        newest = await seen(driven, "3", "enter")
        assert "Wed 11 Mar 14:00–15:00  in progress" in newest
        assert "Wed 11 Mar 12:00–13:00" in await driven.press("left", "left")
        assert "Tue 10 Mar 15:00–16:00" in await driven.press("home")
        assert "Wed 11 Mar 01:00–02:00" in await driven.press("ctrl+right")
        assert "batches: " in driven.screen


async def test_a_large_chart_says_that_older_batches_and_notes_are_not_marked() -> None:
    source = FakeSource(history())
    source.more_happened = True
    async with console(source=source) as driven:
        assert "Only the newest" not in await seen(driven, "3")
        assert "batches and notes are marked." in await seen(driven, "enter")


@pytest.mark.parametrize("key", ["2", "6"])
async def test_tanks_and_doses_say_that_they_are_of_now_where_the_range_has_ended(key: str) -> None:
    async with console() as driven:
        assert "now, not the range" not in await seen(driven, key, "-")
        assert "now, not the range" in await seen(driven, "[")
        assert "now, not the range" not in await seen(driven, ".")


async def test_a_large_histogram_is_read_bin_by_bin() -> None:
    async with console() as driven:
        await seen(driven, "4", "enter")
        assert "below -2.0 g" in await driven.press("home")
        assert "-2.0 g up to -1.8 g" in await driven.press("right")
        assert "+2.0 g and more" in await driven.press("end")


async def test_a_large_table_is_sorted_and_searched() -> None:
    async with console() as driven:
        await seen(driven, "5", "tab", "tab", "enter")
        assert "Recipe↑" in await driven.press("o", "o")
        assert "4 found" in await driven.press("ctrl+f", "f", "g")
        assert "CU-85" not in await driven.press("enter")
        assert driven.app._dashboard.zoomed_tile is not None


async def test_brackets_move_the_range_of_every_panel_and_the_dot_brings_it_back() -> None:
    async with console() as driven:
        driven.clock.move(2)
        moved = await driven.press("left_square_bracket")
        assert "Range 10 Mar" in moved.replace("Range 09 Mar", "Range 10 Mar")
        assert "past" in moved
        await until(lambda: driven.app.panel_results["error_rate"].scope.spec is not None)
        asked = driven.source.queries[-1]
        assert asked.until - asked.since == timedelta(days=1)
        assert asked.until < driven.clock()
        driven.clock.move(2)
        back = await driven.press("full_stop")
        assert "Range" not in back.splitlines()[3]


async def test_the_range_is_chosen_in_a_dialog_and_told_in_every_caption() -> None:
    async with console() as driven:
        driven.clock.move(2)
        await driven.press("4", "g")
        assert isinstance(driven.app.screen, RangeDialog)
        await driven.press("3")
        await driven.shows("Range last 6 h")
        driven.clock.move(2)
        await until(lambda: driven.screen.count("last 6 h") >= 4)


async def test_filters_reach_every_panel_and_their_bar() -> None:
    async with console() as driven:
        driven.clock.move(2)
        await driven.press("slash")
        dialog = driven.app.screen
        assert isinstance(dialog, FilterDialog)
        await driven.shows("DMDEE")
        await driven.press("2", "space", "enter")
        await driven.shows("Only chemical DMDEE")
        driven.clock.move(2)
        await until(lambda: driven.source.queries[-1].selection.get_values(Dimension.CHEMICAL) == ("DMDEE",))
        assert "T-12" not in await driven.press("6")
        assert "not by chemical" in await seen(driven, "5")


async def test_values_to_choose_from_are_there_without_a_database() -> None:
    async with console() as driven:
        driven.source.away = "No database server listens at db:5432."
        await driven.press("slash")
        await driven.shows("DMDEE")


async def test_old_data_is_dimmed_while_other_data_is_on_its_way() -> None:
    async with console() as driven:
        driven.clock.move(0.5)
        await driven.press("plus")
        driven.clock.move(0.4)
        await driven.shows("loading …")
        driven.clock.move(2)
        await until(lambda: "asking" not in driven.screen)


async def test_a_range_that_means_nothing_is_a_sentence_in_every_panel() -> None:
    async with console() as driven:
        await driven.press("g", "b")
        assert "No start of a batch" in driven.screen
        await driven.press("escape")
        assert "Recent doses" in driven.screen


async def test_what_is_shown_is_exported_as_it_is_shown(tmp_path: Path) -> None:
    chosen = Settings(PlantSettings(name="Plant 1"), console=ConsoleSettings(export_dir=str(tmp_path)))
    async with console(chosen=chosen) as driven:
        await seen(driven, "5", "tab", "tab", "enter")
        await driven.press("o", "o", "O", "e")
        assert "Saved " in driven.screen
    recipes = [row["Recipe"] for row in csv.DictReader(io.StringIO(saved(tmp_path, "daily_summary_*.csv")))]
    assert recipes == sorted(recipes, reverse=True)
    told = json.loads(saved(tmp_path, "daily_summary_*.json"))
    assert (told["panel"], told["range"]["text"]) == ("daily_summary", "7 days")
    assert told["range"]["from"] < told["range"]["to"]
    assert len(told["rows"]) == len(recipes) > 1


async def test_the_screen_is_saved_as_picture_and_text(tmp_path: Path) -> None:
    chosen = Settings(PlantSettings(name="Plant 1"), console=ConsoleSettings(export_dir=str(tmp_path)))
    async with console(chosen=chosen) as driven:
        await driven.press("s")
    assert "Low inventory: L25B" in saved(tmp_path, "screen_*.txt")
    assert "<svg" in saved(tmp_path, "screen_*.svg")


async def test_a_note_is_stored_and_marked_on_the_chart() -> None:
    async with console(source=FakeSource(history())) as driven:
        await seen(driven, "4", "tab", "tab", "enter")
        await driven.press("left", "n", *"drum", "tab", *"Anna", "enter")
        await driven.shows("The note is stored.")
        driven.clock.move(2)
        assert "drum (Anna)" in await driven.shows("drum (Anna)")


async def test_a_note_that_cannot_be_stored_says_why() -> None:
    async with console() as driven:
        driven.source.away = "No database server listens at db:5432."
        await driven.press("n", *"drum", "tab", *"Anna", "enter")
        await driven.shows("The note is not stored: No database server")


async def test_a_standing_picture_stands_until_something_else_is_chosen() -> None:
    async with console() as driven:
        await driven.press("f")
        driven.clock.move(40)
        before = len(driven.source.asked)
        await driven.pilot.pause(0.6)
        assert len(driven.source.asked) == before
        await driven.press("plus")
        await until(lambda: len(driven.source.asked) > before)
        assert "FROZEN" in driven.screen
