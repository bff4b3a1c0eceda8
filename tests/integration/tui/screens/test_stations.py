"""The station overview, driven by keys: into a station and out again; every tank by scrolling."""

from msgspec.structs import replace

from dosing_tui.config.settings import PlantSettings, Settings, StationSettings
from tests.support.tui.console_driver import LARGE, SMALL, open_console
from tests.support.tui.nine_stations import STATIONS, build_live_state, build_source
from tests.support.tui.sample_plant import NOW

SETTINGS = Settings(
    plant=PlantSettings(name="Plant 1", devices=STATIONS), stations=(StationSettings(STATIONS[2], "Hall 2"),)
)


async def test_enter_leads_into_a_station_and_its_key_out_again() -> None:
    live, source = build_live_state(NOW), build_source(NOW)
    async with open_console(size=SMALL, live=live, source=source, chosen=SETTINGS) as driven:
        listed = await driven.press_keys("9")
        assert [f" 0{number} " in listed for number in range(1, 10) if number != 3] == [True] * 8
        assert "Hall 2 " in listed
        assert "UNACK" in listed
        await driven.press_keys("j", "j")
        # a message changes every value of the row, and the cursor stays on the station
        live.apply_readings([replace(live.get_snapshot(NOW).levels[24], percent_full=2.2)])
        driven.clock.move_forward(1)
        opened = await driven.press_keys("enter")
        assert "Only station dosing_system_03" in opened
        assert "Overview" in opened
        again = await driven.press_keys("9")
        assert "Only station" not in again
        assert "Only station" not in await driven.press_keys("1")


async def test_a_filter_of_ones_own_stays() -> None:
    live, source = build_live_state(NOW), build_source(NOW)
    async with open_console(size=LARGE, live=live, source=source, chosen=SETTINGS) as driven:
        await driven.press_keys("9", "j", "enter")
        scopes = driven.app.controllers.scopes
        scopes._set_scope(
            replace(scopes.scope, selection=replace(scopes.scope.selection, device=STATIONS[:2]))
        )
        await driven.press_keys("9")
        assert scopes.scope.selection.device == STATIONS[:2]


async def test_the_way_out_of_a_station_leads_back_to_those_chosen_before() -> None:
    live, source = build_live_state(NOW), build_source(NOW)
    async with open_console(size=LARGE, live=live, source=source, chosen=SETTINGS) as driven:
        scopes = driven.app.controllers.scopes
        scopes.apply_selection(replace(scopes.scope.selection, device=STATIONS[:2]))
        await driven.press_keys("9", "j", "enter")
        assert scopes.scope.selection.device == STATIONS[1:2]
        await driven.press_keys("9")
        assert scopes.scope.selection.device == STATIONS[:2]


async def test_the_lights_lead_to_the_table() -> None:
    live, source = build_live_state(NOW), build_source(NOW)
    async with open_console(size=LARGE, live=live, source=source, chosen=SETTINGS) as driven:
        await driven.wait_for_answers()
        assert "● 01 1/4" in driven.screen
        await driven.press_keys("up", "up", "up", "up", "enter")
        assert "› Stations" in driven.screen


async def test_every_tank_is_reached_at_80x24() -> None:
    live, source = build_live_state(NOW), build_source(NOW)
    async with open_console(size=SMALL, live=live, source=source, chosen=SETTINGS) as driven:
        first = await driven.press_keys("2")
        assert "+ 105 more" in first
        assert "1–9 of 108" in first
        assert "+ 105 more above" in await driven.press_keys("end")
        assert "+ 105 more" in await driven.press_keys("home")
        await driven.press_keys("tab", "end")
        assert "108 of 108" in driven.screen


async def test_every_line_of_the_integrity_screen_is_reached_at_80x24() -> None:
    live, source = build_live_state(NOW), build_source(NOW)
    async with open_console(size=SMALL, live=live, source=source, chosen=SETTINGS) as driven:
        top = await driven.press_keys("7")
        assert "more lines" in top
        assert "log file" not in top
        assert "role" in await driven.press_keys("j")
        bottom = await driven.press_keys("end")
        assert "log file" in bottom
        assert "more line" not in bottom
        assert "role" not in bottom
        assert "Readings of process" in await driven.press_keys("home")
