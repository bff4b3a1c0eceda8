"""The rows of the command palette: no two commands in sight look the same."""

import pytest

from dosing_tui.tui.command_palette.command import CommandKind, PaletteCommand
from dosing_tui.tui.command_palette.fuzzy_search import SearchMatch
from dosing_tui.tui.command_palette.palette_dialog import PaletteState, render_palette


@pytest.mark.parametrize("station", ["dosing_system", "dosing_system_of_the_northern_hall_beside_the_store"])
@pytest.mark.parametrize("width", [40, 80, 120])
def test_commands_that_differ_at_their_end_look_different(width: int, station: str) -> None:
    titles = [f"Retire tank DMDEE of station {station}_{number:02}" for number in range(1, 10)]
    matches = tuple(
        SearchMatch(PaletteCommand(CommandKind.STATION, title, lambda: None), frozenset()) for title in titles
    )
    rows = render_palette(PaletteState(matches=matches), width, 24)
    lines = ["".join(cell for cell, _ in row).replace("›", " ") for row in rows]
    shown = [line for line in lines if "  Station  " in line]
    assert len(set(shown)) == len(titles)
    assert (
        width < 80
        or station != "dosing_system"
        or all(t in line for t, line in zip(titles, shown, strict=True))
    )
