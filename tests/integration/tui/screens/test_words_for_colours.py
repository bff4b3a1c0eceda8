"""What a colour says a word or a shape says too, on every screen: for NO_COLOR, 16 colours and ASCII."""

import re
from collections.abc import Iterator

import pytest

from dosing_tui.domain.alarms.models import AlarmStateName, Suppression
from dosing_tui.live_snapshot import LinkState, LinkStatus
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.palette import ALARM_ROLES, ColourRole
from tests.support.tui.alarm_console import TANKS
from tests.support.tui.alarm_samples import make_state, picture_of
from tests.support.tui.console_driver import LARGE, SMALL, Console, open_console
from tests.support.tui.sample_plant import NOW, live_plant, make_history

KEYS = ("1", "2", "3", "4", "5", "6", "7", "8", "9", "b", "enter", "escape", "escape", "a", "enter", "escape",
        "tab", "tab", "tab", "tab", "tab", "escape", "S", "escape", "g", "escape", "slash", "escape", "n",
        "escape", "question_mark", "escape", "ctrl+p", "escape", "q", "escape")  # fmt: skip
"""Through every screen and most dialogs, most rows of them with something that has a colour."""
LOUD = frozenset({*ALARM_ROLES, ColourRole.DEVIATION})
SAID = re.compile(
    r"[■▲▼◆●×?!]|HIGH|MED|LOW|DIAG|down|low|out|abort|fail|reject|not |no |offline|stalled|late"
    r"|of [0-9:]+ |×[0-9]"
)


def list_silent_rows(console: Console) -> Iterator[str]:
    """Rows with an alarm's or a deviation's colour, and neither a word nor a shape.

    A row below one that has both is the rest of its text; a bar has its mark in the row of its name.
    """
    for widget in console.app.screen.walk_children(LineWidget):
        said_above: set[ColourRole] = set()
        for row in widget._cell_rows:
            meant = {role for _, style in row for role in (style.fg, style.bg)} & LOUD
            text = "".join(cell for cell, _ in row)
            is_said = bool(SAID.search(text)) or bool(meant & said_above)
            if meant and any(character.isalnum() for character in text) and not is_said:
                yield text.strip()
            said_above = meant if is_said else set()


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["80x24", "120x40"])
async def test_every_screen_says_in_words_or_shapes_what_its_colours_say(size: tuple[int, int]) -> None:
    story = make_history(days=0.2)
    live = live_plant(story, TANKS)
    hidden = Suppression(AlarmStateName.SHELVED, NOW, "why")
    live.set_alarms(
        picture_of(
            make_state("STOCK_CRITICAL", "T-9", number=1),
            make_state("STOCK_LOW", "T-12", number=2, acked=True),
            make_state("DOSE_GROSS", "DMDEE", number=3, active=False, latched=True),
            make_state("ERR_RATE_1H", number=4),
            make_state("CLOCK_SKEW", number=5, active=False),
            make_state("STOCK_LOW", "DMDEE", number=6, hiding=hidden),
        )
    )
    live.set_database(LinkState(LinkStatus.DOWN, NOW, "gone"))
    silent = {}
    async with open_console(size=size, live=live) as console:
        for key in KEYS:
            await console.press_keys(key)
            if rows := list(list_silent_rows(console)):
                silent[key] = rows
    assert silent == {}
