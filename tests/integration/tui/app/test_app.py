"""The console, driven by keys, on a made-up plant."""

from datetime import timedelta
from typing import cast

import pytest
from msgspec.structs import replace
from rich.text import Text
from textual.widget import Widget
from textual.widgets import Static

from dosing_tui.domain.messages.models import ReadingKind
from dosing_tui.live_snapshot import LinkState, LinkStatus, Role
from dosing_tui.live_state import LiveState
from dosing_tui.tui.app.terminal_options import TerminalOptions
from dosing_tui.tui.controllers.scope_controller import NoteStored
from dosing_tui.tui.data.refresh_policy import LONG_RANGE_INTERVAL
from dosing_tui.tui.dialogs.quit_and_help import (
    HELP_PAGES,
    HELP_TEXT_CELLS,
    HelpScreen,
    QuitScreen,
    render_help,
)
from dosing_tui.tui.keys.bindings import ALL_KEYS, HELP_MAIN
from dosing_tui.tui.keys.help_pages import HELP_BATCHES
from dosing_tui.tui.layout.geometry import TileId
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.registry import TILES, TileDeclaration
from dosing_tui.tui.tiles.shared.tile_content import AnyTileContent
from dosing_tui.tui.widgets.tile_widget import Tile
from tests.support.tui import sample_plant
from tests.support.tui.console_driver import (
    EMPTY,
    LARGE,
    MEDIUM,
    SMALL,
    Console,
    list_subclasses,
    open_console,
    wait_for,
)
from tests.support.tui.sample_plant import (
    FakeSource,
    live_plant,
    make_dose,
    make_history,
    make_hostile,
    make_levels,
)


def find_focused_tile(driven: Console) -> str | None:
    tile = driven.app.focused
    return tile.tile_id if isinstance(tile, Tile) else None


@pytest.mark.parametrize("size", [LARGE, MEDIUM, SMALL, (132, 43), (200, 60), (119, 39), (81, 25)])
async def test_every_size_shows_tanks_doses_and_the_plants_own_words(size: tuple[int, int]) -> None:
    async with open_console(size=size) as driven:
        for word in (
            "Plant 1",
            "DMDEE",
            "T-12",
            "T-9",
            "L25B",
            "CU-85",
            "STOCK_LOW/L25B",
            "Recent doses",
        ):
            assert word in driven.screen


async def test_everything_the_plant_says_is_on_the_large_overview() -> None:
    async with open_console() as driven:
        for title in ("Inventory", "Consumption today", "Batches by recipe", "Consumption", "Accuracy",
                      "Consumption by chemical", "Error rate", "Production", "FG-85/95"):  # fmt: skip
            assert title in driven.screen


async def test_arrows_and_tab_move_the_focus_between_tiles() -> None:
    async with open_console() as driven:
        assert find_focused_tile(driven) is TileId.DOSES
        await driven.press_keys("right")
        assert find_focused_tile(driven) is TileId.PRODUCTION
        await driven.press_keys("up")
        assert find_focused_tile(driven) is TileId.ERROR_RATE
        await driven.press_keys("left")
        assert find_focused_tile(driven) is TileId.SPARKLINES
        await driven.press_keys("shift+tab", "tab")
        assert find_focused_tile(driven) is TileId.SPARKLINES


async def test_up_from_the_newest_dose_leaves_the_table() -> None:
    async with open_console() as driven:
        await driven.press_keys("up")
        assert find_focused_tile(driven) is not TileId.DOSES


async def test_enter_zooms_a_tile_and_escape_brings_the_overview_back() -> None:
    async with open_console() as driven:
        zoomed = await driven.press_keys("right", "up", "enter")
        assert "Overview › Error rate" in zoomed
        assert "Inventory" not in zoomed
        back = await driven.press_keys("escape")
        assert "Inventory" in back
        assert find_focused_tile(driven) is TileId.ERROR_RATE


async def test_tab_goes_from_one_zoomed_tile_to_the_next() -> None:
    async with open_console() as driven:
        await driven.press_keys("right", "enter")
        assert "› Inventory" in await driven.press_keys("tab")
        assert "› Production" in await driven.press_keys("shift+tab")


async def test_doses_scroll_by_line_page_and_end() -> None:
    async with open_console() as driven:
        assert "1–8 of the newest 60" in driven.screen
        assert "2–9 of the newest 60" in await driven.press_keys(*"jjjjjjjj")
        assert "1–8 of the newest 60" in await driven.press_keys("home")
        assert "53–60 of the newest 60" in await driven.press_keys("end")
        assert "46–53 of the newest 60" in await driven.press_keys("pageup", "pageup")


async def test_a_selected_dose_stays_selected_while_new_ones_come() -> None:
    async with open_console() as driven:
        await driven.press_keys("j", "j")
        held = driven.live.get_snapshot(driven.clock()).doses[2]
        driven.clock.move_forward(3)
        newer = make_dose("dosing_system_01", "T-9", 40.0, 0.11, "CU-85", driven.clock(), 58_111)
        driven.live.apply_readings([newer])
        await driven.wait_for_text("of the newest 61")
        tile = driven.app.screen.query_one("#doses", Tile)
        row = next(line for line in tile._cell_rows if any(pen.bg == "select" for _, pen in line))
        assert held.time.strftime("%H:%M:%S") in "".join(cell for cell, _ in row)


async def test_f_holds_the_picture_still_and_says_so() -> None:
    async with open_console() as driven:
        frozen = await driven.press_keys("f")
        assert "FROZEN 14:26:44" in frozen
        driven.live.apply_readings(
            [replace(make_levels()[0], percent_full=99.9, time=driven.clock() + timedelta(seconds=1))]
        )
        driven.live.set_broker(LinkState(LinkStatus.DOWN, driven.clock(), "gone"))
        still = await driven.wait_for_text("MQTT down")
        assert "99.9 %" not in still
        await driven.press_keys("f")
        live = await driven.wait_for_text("99.9 %")
        assert "FROZEN" not in live


@pytest.mark.parametrize(
    ("per_s", "has_second_picture"), [(0, False), (10, False), (20, True), (900, True), (1_000, False)]
)
async def test_dense_messages_are_drawn_between_two_ticks_and_a_flood_is_not(
    monkeypatch: pytest.MonkeyPatch, per_s: int, has_second_picture: bool
) -> None:
    async with open_console() as driven:
        updater, delays = driven.app.updater, list[float]()
        driven.live.count_messages(["factory/dosing/consumption"] * 10 * per_s, driven.clock())
        monkeypatch.setattr(updater, "_call_later", lambda seconds, work: delays.append(seconds))
        updater.run_tick()
        assert (updater.tick_s / 2 in delays) is has_second_picture


async def test_t_changes_the_theme_of_every_cell() -> None:
    async with open_console() as driven:
        before = driven.app.export_screenshot()
        await driven.press_keys("t")
        after = driven.app.export_screenshot()
        assert "#15181b" in before
        assert "#15181b" not in after
        assert "#dfe2e4" in after


@pytest.mark.parametrize(
    "keys", ["q q", "q q q enter", "q enter", "q escape", "q n", "q tab q", "ctrl+q enter"]
)
async def test_a_console_that_collects_does_not_end_by_accident(keys: str) -> None:
    async with open_console() as driven:
        for key in keys.split():
            await driven.press_keys(key)
            assert driven.app.is_running
        is_open = keys in ("q q", "q tab q")
        assert isinstance(driven.app.screen, QuitScreen) is is_open


@pytest.mark.parametrize("keys", ["q y", "q q y", "q tab enter", "ctrl+q y", "ctrl+q ctrl+q"])
async def test_a_console_that_collects_ends_on_purpose(keys: str) -> None:
    async with open_console() as driven:
        shown = await driven.press_keys(keys.split()[0])
        assert "Messages wait at the broker" in shown
        assert "[ Cancel ]" in shown
        await driven.press_keys(*keys.split()[1:])
        assert driven.app.return_code == 0


@pytest.mark.parametrize("keys", ["q y", "q enter", "ctrl+q"])
async def test_a_viewer_ends_with_one_confirmation(keys: str) -> None:
    async with open_console() as driven:
        driven.live.set_role(Role.VIEWER)
        await driven.press_keys(*keys.split())
        assert driven.app.return_code == 0


async def test_a_standby_that_begins_to_collect_under_the_question_is_asked_anew() -> None:
    async with open_console() as driven:
        driven.live.set_role(Role.STANDBY)
        assert "Another process collects" in await driven.press_keys("q")
        driven.live.set_role(Role.COLLECTOR)
        shown = await driven.press_keys("enter")
        assert "Messages wait at the broker" in shown
        assert "[ Cancel ]" in shown
        await driven.press_keys("y")
        assert driven.app.return_code == 0


def test_the_help_page_has_every_binding_there_is() -> None:
    told = {name for _, lines in (*HELP_MAIN, *HELP_BATCHES) for _, ids in lines for name in ids}
    assert told == {str(binding.id) for binding in ALL_KEYS}


def test_no_effect_of_a_key_is_cut_on_the_help_page() -> None:
    told = [effect for _, lines in (*HELP_MAIN, *HELP_BATCHES) for effect, _ in lines]
    assert [effect for effect in told if len(effect) > HELP_TEXT_CELLS] == []


def test_each_help_page_has_its_whole_frame_in_the_smallest_window() -> None:
    width, height = SMALL
    pages = [render_help({}, page) for page in HELP_PAGES]
    assert all(len(page) <= height and len(page[0]) <= width for page in pages)


async def test_the_help_page_fits_the_smallest_window() -> None:
    async with open_console(size=SMALL) as driven:
        page = await driven.press_keys("question_mark")
        assert isinstance(driven.app.screen, HelpScreen)
        for words in ("1             All at a glance", "[ ]", "ctrl+f", "Esc Close", "Quit; quit at once"):
            assert words in page
        assert {line[-2] for line in page.splitlines()[1:-1] if "│" in line} == {"│"}


async def test_keys_can_be_bound_anew_and_the_screen_says_the_new_ones() -> None:
    async with open_console(where=TerminalOptions(keymap={"alarms": "v", "freeze": "z"})) as driven:
        assert "v Alarms" in driven.screen
        assert "FROZEN" in await driven.press_keys("z")


async def test_books_show_the_sum_the_links_and_the_sites_spools() -> None:
    async with open_console() as driven:
        await driven.press_keys("7")
        screen = " ".join((await driven.wait_for_text("12 470 stored, 7 duplicates, 5 rejected")).split())
        for text in (
            "received 12 482",
            "reconciled yes",
            "up since",
            "dosing_system_01",
            "error_rate",
        ):
            assert text in screen


async def test_r_asks_every_panel_again() -> None:
    async with open_console() as driven:
        driven.clock.move_forward(2)
        before = len(driven.source.asked)
        await driven.press_keys("r")
        await wait_for(lambda: len(driven.source.asked) >= before + 8)


async def test_a_stored_dose_makes_its_panels_due() -> None:
    async with open_console() as driven:
        before = len(driven.source.asked)
        driven.clock.move_forward(LONG_RANGE_INTERVAL.total_seconds())
        driven.live.count_stored([ReadingKind.DOSE])
        await wait_for(lambda: "error_rate" in driven.source.asked[before:])
        assert "batches_today" not in driven.source.asked[before:]


async def test_rows_that_nobody_waits_for_are_there_with_a_tick_and_have_the_time_of_their_arrival() -> None:
    async with open_console() as driven:
        results = driven.app.controllers.dashboard.panel_cache.results
        driven.clock.move_forward(LONG_RANGE_INTERVAL.total_seconds())
        driven.live.count_stored([ReadingKind.DOSE])
        await wait_for(lambda: results["error_rate"].loaded_at == driven.clock.now)


async def test_last_good_data_stays_dim_and_dated_when_the_database_goes() -> None:
    async with open_console() as driven:
        driven.source.away = "localhost:5432 does not answer"
        driven.clock.move_forward(40)
        await driven.wait_for_text("of 14:26:44")
        assert "1.28 kg" in driven.screen
        driven.source.away = ""
        driven.clock.move_forward(10)
        await wait_for(lambda: "of 14:26:44" not in driven.screen)


async def test_a_database_that_goes_is_no_long_sentence_in_every_tile() -> None:
    async with open_console() as driven:
        reason = "The database plant on db.plant (user dosing) cannot be reached: no route."
        driven.source.away = reason
        driven.live.set_database(LinkState(LinkStatus.DOWN, sample_plant.NOW, reason))
        driven.clock.move_forward(40)
        assert "▲ Database cannot be reached: no route." in await driven.wait_for_text("▲ Database")
        shown = await driven.press_keys("7")
        assert " · no database" in shown
        assert "Last message by station" in shown
        driven.live.set_database(LinkState(LinkStatus.UP, sample_plant.NOW))
        await wait_for(lambda: " · no database" not in driven.screen)


async def test_a_database_that_was_never_there_is_named_in_every_tile() -> None:
    source = FakeSource(EMPTY)
    source.away = "No database server listens at localhost:5432."
    async with open_console(source=source, live=LiveState()) as driven:
        screen = await driven.wait_for_text("No database server listens")
        assert screen.count("no database") >= 7
        assert "waiting for the broker" in screen


async def test_an_idle_plant_says_that_it_is_idle() -> None:
    live = LiveState()
    up = LinkState(LinkStatus.UP, sample_plant.NOW)
    live.set_broker(up)
    live.set_database(up)
    async with open_console(source=FakeSource(EMPTY), live=live) as driven:
        for reason in ("no dose today", "no dose in the last 24 h", "no batch completed today",
                       "no level has been", "no batch and no dose today"):  # fmt: skip
            assert reason in driven.screen


async def test_hostile_text_is_shown_harmless_in_every_view() -> None:
    story = make_hostile(make_history())
    tanks = [
        replace(tank, chemical=sample_plant.HOSTILE, device_id=sample_plant.HOSTILE) for tank in make_levels()
    ]
    async with open_console(source=FakeSource(story), live=live_plant(story, tanks)) as driven:
        driven.live.set_broker(LinkState(LinkStatus.DOWN, sample_plant.NOW, sample_plant.HOSTILE))
        for key in (*"1234567", "q", "escape", "question_mark"):
            screen = await driven.press_keys(key)
            assert not set("\x1b\x07\x00\u202e\x9b") & set(screen)
        assert driven.app.is_running


def fail_to_build(context: RenderContext) -> AnyTileContent:
    raise ZeroDivisionError


async def test_a_tile_that_fails_says_so_and_the_others_go_on(monkeypatch: pytest.MonkeyPatch) -> None:
    tiles = cast("dict[str, TileDeclaration]", TILES)
    failing = replace(TILES[TileId.PRODUCTION], build=fail_to_build)
    monkeypatch.setitem(tiles, TileId.PRODUCTION, failing)
    async with open_console() as driven:
        screen = await driven.wait_for_text("Panel error")
        assert "DMDEE" in screen


def fail_to_paint(data: object, width: int, height: int) -> Rows:
    raise ZeroDivisionError


async def test_a_tile_that_cannot_be_drawn_says_so_at_any_size_and_the_others_go_on(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shown = TILES[TileId.PRODUCTION]

    def build(context: RenderContext) -> AnyTileContent:
        return replace(shown.build(context), paint=fail_to_paint)

    monkeypatch.setitem(
        cast("dict[str, TileDeclaration]", TILES), TileId.PRODUCTION, replace(shown, build=build)
    )
    async with open_console() as driven:
        await driven.wait_for_text("Panel error")
        await driven.pilot.resize_terminal(100, 30)
        screen = await driven.wait_for_text("Panel error")
        assert "DMDEE" in screen
        assert [record.message for record in caplog.records].count("tile production cannot be drawn") == 1
        monkeypatch.undo()
        driven.clock.move_forward(60)  # new data
        await wait_for(lambda: "Panel error" not in driven.screen)


class Unreadable:
    """As the pointer of a library that has failed."""

    def __repr__(self) -> str:
        raise AssertionError("variables were rendered")


async def test_an_exception_that_ends_the_console_shows_no_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_console() as driven:
        monkeypatch.setattr(driven.app, "_close_messages_no_wait", lambda: None)
        try:
            secret, pointer = "s3cret", Unreadable()
            raise ZeroDivisionError("x" * 5_000)
        except ZeroDivisionError as error:
            with monkeypatch.context() as failed:
                failed.setattr(driven.app, "_exception", error)
                driven.app._fatal_error()
        assert (secret, type(pointer)) == ("s3cret", Unreadable)
        [shown] = driven.app._exit_renderables
        text = cast("Text", shown).plain
        assert text.startswith("The console failed: ZeroDivisionError")
        assert text.endswith(f". See {driven.app._terminal.log_file}.")
        assert "s3cret" not in text


async def test_a_window_that_is_too_small_says_so_and_a_larger_one_works_again() -> None:
    async with open_console(size=(20, 5)) as driven:
        assert "80x24" in driven.screen
        await driven.pilot.resize_terminal(*LARGE)
        await driven.wait_for_text("Recent doses")
        for size in ((80, 24), (1, 1), (100, 30), (79, 24), (120, 40)):
            await driven.pilot.resize_terminal(*size)
        await driven.wait_for_text("Recent doses")


async def test_more_tanks_than_rows_show_the_abnormal_ones_first() -> None:
    tanks = make_levels(devices=6)
    source = FakeSource(make_history())
    async with open_console(source=source, live=live_plant(source.story, tanks), size=SMALL) as driven:
        assert "16.3 %" in driven.screen
        assert " more" in driven.screen


async def test_wide_characters_keep_every_row_at_the_width_of_the_screen() -> None:
    tanks = [replace(tank, chemical="催化剂Ａ") for tank in make_levels()]
    source = FakeSource(make_history())
    async with open_console(source=source, live=live_plant(source.story, tanks)) as driven:
        strips = driven.app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {120}


async def test_nothing_is_drawn_while_the_line_is_busy(monkeypatch: pytest.MonkeyPatch) -> None:
    async with open_console() as driven:
        busy = True
        monkeypatch.setattr("dosing_tui.tui.app.app.has_backlog", lambda driver: busy)
        driven.live.set_broker(LinkState(LinkStatus.DOWN, driven.clock(), "gone"))
        await driven.pilot.pause(1.2)
        assert "MQTT down" not in driven.screen
        busy = False
        await driven.wait_for_text("MQTT down")


def test_no_widget_of_textual_draws_text_of_its_own() -> None:
    """Markup is read by Static and its kin only: there are none."""
    widgets = list_subclasses(Widget)
    assert Tile in widgets
    assert [kind for kind in widgets if issubclass(kind, Static)] == []


async def test_a_part_of_the_screen_that_fails_is_named_until_it_works_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_console() as driven:
        dashboard = driven.app.controllers.dashboard
        with monkeypatch.context() as patch:
            patch.setattr(dashboard, "show_tiles", fail_to_build)
            patch.setattr(dashboard, "request_panels", fail_to_build)
            await driven.wait_for_text("▲ panels, screen failed")
            await driven.wait_for_text("failed: ZeroDivisionError")
        await wait_for(lambda: " failed" not in driven.screen.splitlines()[0])
        assert isinstance(driven.take_failure(), ZeroDivisionError)


async def test_a_result_that_cannot_be_shown_does_not_end_the_console(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with open_console() as driven:
        handlers = driven.app.controllers.result_handlers
        monkeypatch.setitem(cast("dict[object, object]", handlers), NoteStored, fail_to_build)
        await driven.press_keys("n", *"drum", "tab", *"Anna", "enter")
        await driven.wait_for_text("▲ NoteStored failed")
        assert isinstance(driven.take_failure(), ZeroDivisionError)
        assert driven.app.is_running


async def test_a_new_level_is_drawn_by_the_next_tick_though_the_tanks_were_just_drawn() -> None:
    async with open_console() as driven:
        tile = driven.app.dashboard_screen.tiles[TileId.INVENTORY]
        before = driven.live.get_snapshot(driven.clock.now).levels[0]
        for percent in (41.25, 42.25, 43.25):
            driven.clock.move_forward(0.1)
            now = driven.clock.now
            driven.live.apply_readings([replace(before, percent_full=percent, time=now, received_at=now)])
            driven.app.updater.run_tick()
            assert f"{percent:.1f} %" in "".join(cell for row in tile.shown_rows for cell, _ in row)
