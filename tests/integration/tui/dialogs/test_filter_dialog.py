"""The dialog that asks for devices, chemicals, recipes and modes."""

import pytest

from dosing_tui.domain.panels.filters import Dimension, Selection
from dosing_tui.tui.dialogs.filter_dialog import FilterDialog
from tests.support.tui.dialog_driver import LOOKS, SIZES, Dialog, assert_whole, open_dialog
from tests.support.tui.sample_plant import HOSTILE

VALUES = {
    Dimension.DEVICE: ("dosing_system_01", "dosing_system_02"),
    Dimension.CHEMICAL: ("BDO", "DMDEE", "L25B", "T-12", "T-9"),
    Dimension.RECIPE: ("CU-65/75", "CU-85", "FG-85/95"),
    Dimension.MODE: ("", "CATALYST"),
    Dimension.PUMP: ("1", "2", "10"),
}
MANY = {Dimension.DEVICE: tuple(f"station-{number:04}" for number in range(1000))}
NOTHING = Selection()


def make_dialog(chosen: Selection = NOTHING, *, look: str = "dark") -> FilterDialog:
    return FilterDialog(LOOKS[look], chosen, values=VALUES)


@pytest.mark.parametrize("look", LOOKS)
@pytest.mark.parametrize("size", SIZES)
async def test_every_value_is_on_every_window(look: str, size: str) -> None:
    async with open_dialog(make_dialog(look=look), size=SIZES[size]) as asked:
        assert_whole(asked, SIZES[size])
        for value in (
            "_01",
            "02",
            "DMDEE",
            "CU-65/75",
            "(none)",
            "Station",
            "Chemical",
            "Recipe",
            "Mode",
            "Pump",
        ):
            assert value in asked.screen_text
        assert asked.screen_text.isascii() is (look == "ascii")
        assert "#ffffff" not in asked.colours


async def test_the_value_that_the_keys_are_about_is_written_whole() -> None:
    async with open_dialog(make_dialog()) as asked:
        assert "dosing_system_01" in asked.screen_text
        assert "dosing_system_02" in await asked.press_keys("down")


async def test_space_marks_and_enter_applies() -> None:
    async with open_dialog(make_dialog()) as asked:
        await asked.press_keys("3", "down", "space", "right", "end", "space", "2", "space")
        assert "1 of 3" in asked.screen_text
        await asked.press_keys("enter")
        assert asked.results == [Selection(chemical=("BDO",), recipe=("CU-85",), mode=("CATALYST",))]


async def test_pumps_are_in_the_order_of_their_numbers() -> None:
    async with open_dialog(make_dialog()) as asked:
        await asked.press_keys("5", "end", "space", "enter")
        assert asked.results == [Selection(pump=("10",))]


async def test_space_unmarks_what_was_chosen() -> None:
    async with open_dialog(make_dialog(Selection(device=("dosing_system_01", "dosing_system_02")))) as asked:
        assert asked.screen_text.count("[x]") == 2
        await asked.press_keys("space", "enter")
        assert asked.results == [Selection(device=("dosing_system_02",))]


async def test_a_is_all_of_one_group_and_c_all_of_everything() -> None:
    chosen = Selection(device=("dosing_system_01",), recipe=("CU-85",))
    async with open_dialog(make_dialog(chosen)) as asked:
        assert (await asked.press_keys("a")).count("[x]") == 1
        assert (await asked.press_keys("c")).count("[x]") == 0
        await asked.press_keys("enter")
        assert asked.results == [NOTHING]


async def test_a_search_narrows_a_group_and_the_marks_behind_it_stay() -> None:
    async with open_dialog(make_dialog(Selection(chemical=("BDO",)))) as asked:
        searching = await asked.press_keys("2", "slash", "t", "minus")
        assert "2 found" in searching
        assert "DMDEE" not in searching
        await asked.press_keys("enter", "down", "space", "enter")
        assert asked.results == [Selection(chemical=("BDO", "T-9"))]


async def test_letters_that_are_commands_can_be_searched_for() -> None:
    async with open_dialog(make_dialog()) as asked:
        assert "1 found" in await asked.press_keys("4", "slash", *"ca")
        assert "Search mode" not in await asked.press_keys("escape")
        await asked.press_keys("escape")
        assert asked.results == [None]


async def test_values_come_later_and_what_is_chosen_stays() -> None:
    screen = FilterDialog(LOOKS["dark"], Selection(device=("retired", "dosing_system_02")))
    async with open_dialog(screen) as asked:
        assert "Loading the values" in asked.screen_text
        screen.show_values(VALUES)
        assert "Loading" not in await asked.press_keys("down")
        await asked.press_keys("enter")
        assert asked.results == [Selection(device=("retired", "dosing_system_02"))]


async def test_a_search_goes_on_while_values_come() -> None:
    screen = FilterDialog(LOOKS["dark"], NOTHING)
    async with open_dialog(screen) as asked:
        await asked.press_keys("slash", "0", "2")
        screen.show_values(VALUES)
        assert "1 found" in await asked.press_keys("end")


async def test_why_there_are_no_values_is_said_in_words() -> None:
    screen = FilterDialog(LOOKS["dark"], Selection(device=("one",)))
    async with open_dialog(screen) as asked:
        screen.show_error("No database server listens at [/]\x1b[2J.")
        assert "▲ No database server listens at [/]" in await asked.press_keys("down")
        await asked.press_keys("space", "enter")
        assert asked.results == [NOTHING]


async def list_visible_stations(asked: Dialog[Selection], *keys: str) -> list[str]:
    shown = await asked.press_keys(*keys)
    return [word for word in shown.split() if word.startswith("station-")]


@pytest.mark.parametrize("size", SIZES)
async def test_a_thousand_values_scroll(size: str) -> None:
    async with open_dialog(FilterDialog(LOOKS["dark"], NOTHING, values=MANY), size=SIZES[size]) as asked:
        first = await list_visible_stations(asked)
        assert first[0] == "station-0000"
        assert "1 of 1000" in asked.screen_text
        assert (await list_visible_stations(asked, "end"))[-1] == "station-0999"
        assert "station-0500" not in await list_visible_stations(asked, "pageup")
        assert_whole(asked, SIZES[size])
        await asked.press_keys("end", "space", "home", "space", "enter")
        assert asked.results == [Selection(device=("station-0000", "station-0999"))]


@pytest.mark.parametrize("look", LOOKS)
async def test_hostile_names_are_only_text_and_come_back_as_they_were(look: str) -> None:
    values = dict.fromkeys(Dimension, (HOSTILE, "[/]", "[bold", "\x00"))
    async with open_dialog(FilterDialog(LOOKS[look], NOTHING, values=values), size=(120, 40)) as asked:
        await asked.press_keys("space", "down", "space", "slash", *"[b")
        assert "2 found" in asked.screen_text
        assert_whole(asked, (120, 40))
        await asked.press_keys("escape", "enter")
        assert asked.results == [Selection(device=(HOSTILE, "[/]"))]
