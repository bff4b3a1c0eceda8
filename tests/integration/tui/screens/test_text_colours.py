"""Which colours text has on the screens: those whose contrast is tested, in tests/unit/tui/rendering."""

from collections.abc import Iterator

from dosing_tui.config.settings import ColourTheme
from dosing_tui.tui.rendering.canvas import Cell
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.palette import (
    ALARM_ROLES,
    REVERSED_BACKGROUNDS,
    TEXT_BACKGROUNDS,
    TEXT_ROLES,
    ColourRole,
)
from tests.support.tui.alarm_samples import make_flood, picture_of
from tests.support.tui.console_driver import Console, open_console

SCREENS = ("1", "2", "3", "4", "5", "6", "7", "a", "enter", "escape", "escape", "question_mark", "escape",
           "r", "escape", "slash", "escape", "q", "escape")  # fmt: skip


def list_cells(console: Console) -> Iterator[Cell]:
    for widget in console.app.screen.walk_children(LineWidget):
        yield from (cell for row in widget._cell_rows for cell in row)


async def test_text_has_only_colours_whose_contrast_is_tested() -> None:
    async with open_console() as console:
        console.live.set_alarms(make_flood(4))
        for key in SCREENS:
            await console.press_keys(key)
            styles = {style for character, style in list_cells(console) if character.isalnum()}
            for style in styles:
                is_reversed = style.fg is ColourRole.BACKGROUND and style.bg in REVERSED_BACKGROUNDS
                assert is_reversed or (style.fg in TEXT_ROLES and style.bg in TEXT_BACKGROUNDS), (key, style)


async def test_a_plant_without_alarms_has_no_colour_of_an_alarm() -> None:
    """Tanks below their limits, doses out of tolerance and rates above their limit included."""
    async with open_console() as console:
        console.live.set_alarms(picture_of())
        for key in ("1", "2", "3", "4", "5", "6", "b"):
            await console.press_keys(key)
            used = {role for _, style in list_cells(console) for role in (style.fg, style.bg)}
            assert not used & ALARM_ROLES, key


async def test_the_theme_key_goes_through_every_theme() -> None:
    async with open_console() as console:
        seen = [console.app.terminal_theme.palette.name]
        for _ in range(len(ColourTheme)):
            screen = await console.press_keys("t")
            seen.append(console.app.terminal_theme.palette.name)
            assert "Theme: " in screen
        assert len(set(seen)) == len(ColourTheme)
        assert seen[0] == seen[-1]
