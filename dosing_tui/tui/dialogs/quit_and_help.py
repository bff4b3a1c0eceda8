"""The confirmation before quitting, and the help page with the keys."""

from collections.abc import Callable, Mapping

from textual.binding import Binding

from dosing_tui.live_snapshot import Role
from dosing_tui.tui.keys.bindings import HELP_MAIN, format_keys
from dosing_tui.tui.keys.help_pages import HELP_BATCHES, HelpPage
from dosing_tui.tui.rendering.canvas import Rows, wrap_text
from dosing_tui.tui.rendering.palette import DIM, TEXT
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.canvas_dialog import (
    KEY_STYLE,
    SELECTED_STYLE,
    CanvasDialog,
    create_box,
    draw_lines,
)

_CONSEQUENCES = {
    Role.COLLECTOR: "This console collects. Messages wait at the broker until another process takes over.",
    Role.STANDBY: "Another process collects. No data is lost.",
    Role.VIEWER: "This console is a viewer. No data is lost.",
    Role.UNDECIDED: "The role of this console is not decided yet. No data is lost.",
}


class QuitScreen(CanvasDialog[bool]):
    """True is 'quit'. The key that opens it does not confirm it; ``enter`` does, except in a collector.

    ``get_role``: the role may change while the question is open; what ends is what was asked about.
    """

    takes_keys_typed_ahead = False

    BINDINGS = [
        Binding("y", "quit_console", "Quit", show=False),
        Binding("n", "leave", "Cancel", show=False),
        Binding("left,right,tab,shift+tab", "turn", "Other answer", show=False),
    ]

    def __init__(self, theme: TerminalTheme, get_role: Callable[[], Role]) -> None:
        super().__init__(theme)
        self._get_role = get_role
        self._role = get_role()
        self._is_quit_selected = self._role is not Role.COLLECTOR

    def render_rows(self, width: int, height: int) -> Rows:
        return render_quit(self._role, is_quit_selected=self._is_quit_selected)

    def action_turn(self) -> None:
        self._is_quit_selected = not self._is_quit_selected
        self.draw_dialog()

    def action_accept(self) -> None:
        if self._is_quit_selected:
            self.action_quit_console()
        else:
            self.dismiss(None)

    def action_quit_console(self) -> None:
        """Unless this process has begun to collect since the question was drawn: then it asks again."""
        role, asked_about = self._get_role(), self._role
        if role is not Role.COLLECTOR or asked_about is Role.COLLECTOR:
            self.dismiss(True)
            return
        self._role, self._is_quit_selected = role, False
        self.draw_dialog()


def render_quit(role: Role, *, is_quit_selected: bool, width: int = 56) -> Rows:
    """The selected answer is what ``enter`` gives."""
    lines = wrap_text(_CONSEQUENCES[role], width - 6)
    canvas = create_box(width, 6 + len(lines), "Quit the console?", hint="Esc Cancel")
    draw_lines(canvas, 3, 2, lines, DIM)
    x, y = 3, canvas.height - 2
    for label, is_selected in (("Cancel", not is_quit_selected), ("Quit", is_quit_selected)):
        text = f"[ {label} ]" if is_selected else f"  {label}  "
        x = canvas.write_text(x, y, text, SELECTED_STYLE if is_selected else TEXT) + 2
    x = canvas.write_right(width - 3, y, " Quit", DIM)
    canvas.write_right(x, y, "y", KEY_STYLE)
    return canvas.rows


class HelpScreen(CanvasDialog[None]):
    """Two pages: the keys of the dashboard, and those of batches, shift report, doctor and maintenance."""

    BINDINGS = [
        Binding("q,question_mark,space", "leave", "Close", show=False),
        Binding("tab,left,right", "turn", "Other page", show=False),
    ]

    def __init__(self, theme: TerminalTheme, keymap: Mapping[str, str], *, page: int = 0) -> None:
        super().__init__(theme)
        self._page_number = page
        self._keymap = keymap

    def render_rows(self, width: int, height: int) -> Rows:
        return render_help(self._keymap, HELP_PAGES[self._page_number])

    def action_turn(self) -> None:
        self._page_number = 1 - self._page_number
        self.draw_dialog()


HELP_TEXT_CELLS = 23
"""Of the effect of a key, on the help pages."""
HELP_PAGES = ((HELP_MAIN[:3], HELP_MAIN[3:]), (HELP_BATCHES[:4], HELP_BATCHES[4:]))


def render_help(keymap: Mapping[str, str], columns: HelpPage = HELP_PAGES[0], width: int = 78) -> Rows:
    """A page of keys, in two columns."""
    height = 3 + max(sum(len(lines) + 1 for _, lines in groups) for groups in columns)
    canvas = create_box(width, height, "Keys", hint="Tab Other page   Esc Close")
    for number, groups in enumerate(columns):
        x, y, key_width = 3 + number * (width // 2 - 1), 2, 14 - number
        for title, lines in groups:
            canvas.write_text(x, y, title, DIM)
            for line, (text, ids) in enumerate(lines, start=y + 1):
                canvas.write_text(x, line, format_keys(ids, keymap), KEY_STYLE, width=key_width)
                canvas.write_text(x + key_width, line, text, TEXT, width=HELP_TEXT_CELLS)
            y += len(lines) + 1
    return canvas.rows
