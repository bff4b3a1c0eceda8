"""The screens of the console, driven by keys: themes, large tiles, range, filters, files."""

import csv
import io
import json
import re
import threading
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from dosing_tui.config.settings import ConsoleSettings, PlantSettings, Settings
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.domain.panels.panel_catalog import Panel, PanelQuery
from dosing_tui.tui.dialogs.filter_dialog import FilterDialog
from dosing_tui.tui.dialogs.range_dialog import RangeDialog
from tests.support.tui.console_driver import LARGE, MEDIUM, SMALL, Console, open_console, wait_for
from tests.support.tui.sample_plant import NOW, FakeSource, make_history


async def press_and_read(driven: Console, *keys: str) -> str:
    """The screen after these keys, with every panel of it answered."""
    await driven.press_keys(*keys)
    await driven.wait_for_answers()
    return driven.screen


def read_saved(folder: Path, pattern: str) -> str:
    """What is in the one file of this name."""
    (path,) = folder.glob(pattern)
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("size", [LARGE, MEDIUM, SMALL])
async def test_every_screen_shows_what_it_is_about(size: tuple[int, int]) -> None:
    async with open_console(size=size) as driven:
        for key, words in {
            "2": ("Inventory", "Tank levels", "16.3 ▲"),
            "3": ("Consumption over time", "Consumption today", "● DMDEE"),
            "4": ("Accuracy", "Error rate", "Dosing duration", "Standard deviation"),
            "5": ("Batches by recipe", "Daily production", "vs yesterday", "Wed 11 Mar"),
            "6": ("Recent doses", "1–"),
            "7": ("received = stored",),
        }.items():
            screen = await press_and_read(driven, key)
            assert not [word for word in words if word not in screen]


async def test_only_the_panels_in_sight_are_asked() -> None:
    async with open_console() as driven:
        await press_and_read(driven, "5")
        driven.clock.move_forward(60)
        before = len(driven.source.asked)
        await wait_for(lambda: len(driven.source.asked) >= before + 3)
        assert set(driven.source.asked[before:]) == {"batches_today", "production_today", "daily_summary"}


async def test_a_large_chart_is_read_by_its_cursor() -> None:
    async with open_console() as driven:
        newest = await press_and_read(driven, "3", "enter")
        assert "Wed 11 Mar 14:00–15:00  in progress" in newest
        assert "Wed 11 Mar 12:00–13:00" in await driven.press_keys("left", "left")
        assert "Tue 10 Mar 15:00–16:00" in await driven.press_keys("home")
        assert "Wed 11 Mar 01:00–02:00" in await driven.press_keys("ctrl+right")
        assert "batches: " in driven.screen


async def test_a_large_chart_says_that_older_batches_and_notes_are_not_marked() -> None:
    source = FakeSource(make_history())
    source.more_happened = True
    async with open_console(source=source) as driven:
        assert "Only the newest" not in await press_and_read(driven, "3")
        assert "batches and notes are marked." in await press_and_read(driven, "enter")


async def test_tanks_say_that_they_are_of_now_where_the_range_has_ended() -> None:
    async with open_console() as driven:
        assert "now, not the range" not in await press_and_read(driven, "2", "-")
        assert "now, not the range" in await press_and_read(driven, "[")
        assert "now, not the range" not in await press_and_read(driven, ".")


async def test_a_large_histogram_is_read_bin_by_bin() -> None:
    async with open_console() as driven:
        await press_and_read(driven, "4", "enter")
        assert "below -2.0 g" in await driven.press_keys("home")
        assert "-2.0 g up to -1.8 g" in await driven.press_keys("right")
        assert "+2.0 g and more" in await driven.press_keys("end")


async def test_a_large_table_is_sorted_and_searched() -> None:
    async with open_console() as driven:
        await press_and_read(driven, "5", "tab", "tab", "enter")
        assert "Recipe↑" in await driven.press_keys("o", "o")
        assert "4 found" in await driven.press_keys("ctrl+f", "f", "g")
        assert "CU-85" not in await driven.press_keys("enter")
        assert driven.app.dashboard_screen.zoomed_tile is not None


async def test_a_sort_and_a_search_of_a_large_table_leave_the_small_one_in_its_order() -> None:
    async with open_console() as driven:
        overview = await driven.press_keys("1")
        assert "Recipe↑" in await press_and_read(driven, "6", "o", "o")
        assert "find T-9" in await driven.press_keys("ctrl+f", "T", "minus", "9", "enter")
        small = await driven.press_keys("1")
        assert "↑" not in small
        assert "found" not in small
        assert _list_dose_times(small) == _list_dose_times(overview)
        assert "find T-9" in await driven.press_keys("6")


def _list_dose_times(screen: str) -> list[str]:
    return re.findall(r"│ (\d\d:\d\d:\d\d) ", screen)


async def test_brackets_move_the_range_of_every_panel_and_the_dot_brings_it_back() -> None:
    async with open_console() as driven:
        driven.clock.move_forward(2)
        moved = await driven.press_keys("left_square_bracket")
        assert "Range 10 Mar" in moved.replace("Range 09 Mar", "Range 10 Mar")
        assert "(historical)" in moved
        await wait_for(
            lambda: driven.app.controllers.dashboard.panel_cache.results["error_rate"].scope.spec is not None
        )
        asked = driven.source.queries[-1]
        assert asked.until - asked.since == timedelta(days=1)
        assert asked.until < driven.clock()
        driven.clock.move_forward(2)
        back = await driven.press_keys("full_stop")
        assert "Range" not in back.splitlines()[3]


async def test_the_range_is_chosen_in_a_dialog_and_stands_in_every_caption() -> None:
    async with open_console() as driven:
        driven.clock.move_forward(2)
        await driven.press_keys("4", "g")
        assert isinstance(driven.app.screen, RangeDialog)
        await driven.press_keys("3")
        await driven.wait_for_text("Range last 6 h")
        driven.clock.move_forward(2)
        await wait_for(lambda: driven.screen.count("last 6 h") >= 4)


async def test_filters_reach_every_panel_and_their_bar() -> None:
    async with open_console() as driven:
        driven.clock.move_forward(2)
        await driven.press_keys("slash")
        dialog = driven.app.screen
        assert isinstance(dialog, FilterDialog)
        await driven.wait_for_text("DMDEE")
        await driven.press_keys("2", "space", "enter")
        await driven.wait_for_text("Only chemical DMDEE")
        driven.clock.move_forward(2)
        await wait_for(
            lambda: driven.source.queries[-1].selection.get_values(Dimension.CHEMICAL) == ("DMDEE",)
        )
        assert "T-12" not in await driven.press_keys("6")
        assert "not by chemical" in await press_and_read(driven, "5")


async def test_the_dose_list_follows_range_and_filters_and_says_which() -> None:
    async with open_console() as driven:
        assert "· live" in await driven.press_keys("6")
        assert "doses" not in driven.source.asked
        await driven.press_keys("g", "l")
        today = [dose for dose in driven.source.story.doses if dose.time.date() == NOW.date()]
        shift = [dose for dose in today if 6 <= dose.time.hour < 14]
        await driven.wait_for_text(f" of {len(shift)} · last shift (Early 06:00–14:00) ")
        await driven.press_keys("end")
        oldest = driven.app.dashboard_screen.selected_dose
        assert oldest is not None
        assert oldest.time == min(dose.time for dose in shift)
        assert "· live" in await driven.press_keys("full_stop")


async def test_received_doses_stay_in_sight_while_the_database_is_away() -> None:
    async with open_console() as driven:
        driven.source.away = "No database server listens at db:5432."
        await driven.press_keys("6", "g", "3")
        await driven.wait_for_text("Received doses")
        driven.clock.move_forward(2)
        await driven.press_keys("g", "9")
        await driven.wait_for_text("no database")


async def test_values_to_choose_from_are_there_without_a_database() -> None:
    async with open_console() as driven:
        driven.source.away = "No database server listens at db:5432."
        await driven.press_keys("slash")
        await driven.wait_for_text("DMDEE")


async def test_old_data_is_dimmed_while_other_data_is_on_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    may_answer = threading.Event()
    async with open_console() as driven:
        read_panel = driven.source.read_panel

        def read_late(panel: Panel[Any], query: PanelQuery) -> Sequence[Any]:
            assert may_answer.wait(60)
            return read_panel(panel, query)

        monkeypatch.setattr(driven.source, "read_panel", read_late)
        driven.clock.move_forward(0.5)
        await driven.press_keys("plus")
        driven.clock.move_forward(0.4)
        await driven.wait_for_text("loading …")
        may_answer.set()
        driven.clock.move_forward(2)
        await wait_for(lambda: "loading …" not in driven.screen)


async def test_a_range_that_means_nothing_is_a_sentence_in_every_panel() -> None:
    async with open_console() as driven:
        await driven.press_keys("g", "b")
        assert "No start of a batch" in driven.screen
        await driven.press_keys("escape")
        assert "Recent doses" in driven.screen


async def test_what_is_shown_is_exported_as_it_is_shown(tmp_path: Path) -> None:
    chosen = Settings(PlantSettings(name="Plant 1"), console=ConsoleSettings(export_dir=str(tmp_path)))
    async with open_console(chosen=chosen) as driven:
        await press_and_read(driven, "5", "tab", "tab", "enter")
        await driven.press_keys("o", "o", "O", "e")
        assert "Saved " in driven.screen
    recipes = [
        row["Recipe"] for row in csv.DictReader(io.StringIO(read_saved(tmp_path, "daily_summary_*.csv")))
    ]
    assert recipes == sorted(recipes, reverse=True)
    told = json.loads(read_saved(tmp_path, "daily_summary_*.json"))
    assert (told["panel"], told["range"]["text"]) == ("daily_summary", "7 days")
    assert told["range"]["from"] < told["range"]["to"]
    assert len(told["rows"]) == len(recipes) > 1


async def test_the_screen_is_saved_as_picture_and_text(tmp_path: Path) -> None:
    chosen = Settings(PlantSettings(name="Plant 1"), console=ConsoleSettings(export_dir=str(tmp_path)))
    async with open_console(chosen=chosen) as driven:
        await driven.press_keys("s")
    assert "Low inventory: L25B" in read_saved(tmp_path, "screen_*.txt")
    assert "<svg" in read_saved(tmp_path, "screen_*.svg")


async def test_a_note_is_stored_and_marked_on_the_chart() -> None:
    async with open_console(source=FakeSource(make_history())) as driven:
        await press_and_read(driven, "4", "tab", "tab", "enter")
        await driven.press_keys("left", "n", *"drum", "tab", *"Anna", "enter")
        await driven.wait_for_text("The note is stored.")
        driven.clock.move_forward(2)
        assert "drum (Anna)" in await driven.wait_for_text("drum (Anna)")


async def test_a_note_that_cannot_be_stored_says_why() -> None:
    async with open_console() as driven:
        driven.source.away = "No database server listens at db:5432."
        await driven.press_keys("n", *"drum", "tab", *"Anna", "enter")
        await driven.wait_for_text("The note is not stored: No database server")


async def test_a_standing_picture_stands_until_something_else_is_chosen() -> None:
    async with open_console() as driven:
        await driven.press_keys("f")
        driven.clock.move_forward(40)
        before = len(driven.source.asked)
        await driven.pilot.pause(0.6)
        assert len(driven.source.asked) == before
        await driven.press_keys("plus")
        await wait_for(lambda: len(driven.source.asked) > before)
        assert "FROZEN" in driven.screen
