"""What lies over the plant for a moment: the question before quitting, and the help page."""

from collections.abc import Mapping

from textual.app import ComposeResult
from textual.binding import Binding
from textual.screen import ModalScreen

from dosing_tui.live_state import Role
from dosing_tui.tui.keys.bindings import HELP_MAIN, format_keys
from dosing_tui.tui.keys.help_pages import HELP_BATCHES, HelpPage
from dosing_tui.tui.rendering.canvas import Rows, wrap_text
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.palette import DIM, TEXT
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import KEY_STYLE, create_box

_CONSEQUENCES = {
    Role.COLLECTOR: "This console collects. Until another process takes over, messages wait at the broker.",
    Role.STANDBY: "Another process collects; nothing is lost.",
    Role.VIEWER: "This console only watches; nothing is lost.",
    Role.UNDECIDED: "",
}


class QuitScreen(ModalScreen[bool]):
    """True is 'quit'."""

    BINDINGS = [
        Binding("q,enter,y", "answer(True)", "Quit"),
        Binding("escape,n", "answer(False)", "Stay"),
    ]

    def __init__(self, theme: TerminalTheme, role: Role) -> None:
        super().__init__()
        self._box = LineWidget(theme, id="quit")
        self._role = role

    def compose(self) -> ComposeResult:
        yield self._box

    def on_mount(self) -> None:
        rows = render_quit(self._role)
        _fit_widget(self._box, rows)

    def action_answer(self, quit_now: bool) -> None:
        self.dismiss(quit_now)


def render_quit(role: Role, width: int = 56) -> Rows:
    lines = wrap_text(_CONSEQUENCES[role], width - 6)
    canvas = create_box(width, 6 + len(lines), "Quit the console?", hint="")
    for number, line in enumerate(lines):
        canvas.write_text(3, 2 + number, line, DIM)
    x = canvas.write_text(3, canvas.height - 2, "q", KEY_STYLE)
    x = canvas.write_text(x, canvas.height - 2, " or ", DIM)
    x = canvas.write_text(x, canvas.height - 2, "enter", KEY_STYLE)
    x = canvas.write_text(x, canvas.height - 2, " quits     ", TEXT)
    x = canvas.write_text(x, canvas.height - 2, "esc", KEY_STYLE)
    canvas.write_text(x, canvas.height - 2, " stays", TEXT)
    return canvas.rows


class HelpScreen(ModalScreen[None]):
    """Two pages: the keys of the plant, and those of the batches."""

    BINDINGS = [
        Binding("escape,enter,q,question_mark,space", "close", "Close"),
        Binding("tab,left,right", "turn", "Other page"),
    ]

    def __init__(self, theme: TerminalTheme, keymap: Mapping[str, str], *, page: int = 0) -> None:
        super().__init__()
        self._page_number = page
        self._page = LineWidget(theme, id="help")
        self._keymap = keymap

    def compose(self) -> ComposeResult:
        yield self._page

    def on_mount(self) -> None:
        self._draw_page()

    def _draw_page(self) -> None:
        _fit_widget(self._page, render_help(self._keymap, HELP_PAGES[self._page_number]))

    def action_turn(self) -> None:
        self._page_number = 1 - self._page_number
        self._draw_page()

    def action_close(self) -> None:
        self.dismiss(None)


HELP_PAGES = ((HELP_MAIN[:3], HELP_MAIN[3:]), (HELP_BATCHES[:2], HELP_BATCHES[2:]))


def render_help(keymap: Mapping[str, str], columns: HelpPage = HELP_PAGES[0], width: int = 78) -> Rows:
    """A page of keys, in two columns."""
    height = 3 + max(sum(len(lines) + 1 for _, lines in groups) for groups in columns)
    canvas = create_box(width, height, "Keys", hint="tab: other page   esc closes")
    for number, groups in enumerate(columns):
        x, y = 3 + number * (width // 2 - 1), 2
        for title, lines in groups:
            canvas.write_text(x, y, title, DIM)
            for line, (does, ids) in enumerate(lines, start=y + 1):
                canvas.write_text(x, line, format_keys(ids, keymap), KEY_STYLE, width=13)
                canvas.write_text(x + 13, line, does, TEXT, width=24 - number)
            y += len(lines) + 1
    return canvas.rows


def _fit_widget(widget: LineWidget, rows: Rows) -> None:
    widget.styles.width, widget.styles.height = len(rows[0]), len(rows)
    widget.show_rows(rows)
