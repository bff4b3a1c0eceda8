"""The palette: a search field above the commands that match."""

from collections.abc import Sequence

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.tui.command_palette.command import PaletteCommand
from dosing_tui.tui.command_palette.fuzzy_search import MAX_MATCHES, SearchMatch, search_items
from dosing_tui.tui.rendering import text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, fit_names, split_cells
from dosing_tui.tui.rendering.palette import DIM, LABEL, STRONG, TEXT, CellStyle, ColourRole
from dosing_tui.tui.rendering.text_field import TextField
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.canvas_dialog import (
    SELECTED_STYLE,
    CanvasDialog,
    create_box,
    draw_keys,
    draw_message,
)

_MIN_WIDTH, _MAX_WIDTH, _MAX_ROWS = 40, 84, 20
_FRAME_ROWS = 7
"""Rows of the dialog without commands."""
_FIRST_ROW = 4
"""Row of the first command."""
_KIND_WIDTH, _KEYS_WIDTH = 10, 14
_EMPTY_QUERY = TextField(max_length=60)


class PaletteState(Struct, frozen=True):
    """The query, the commands that match, and the one under the cursor."""

    commands: tuple[PaletteCommand, ...] = ()
    field: TextField = _EMPTY_QUERY
    matches: tuple[SearchMatch[PaletteCommand], ...] = ()
    row: int = 0

    @property
    def selected_command(self) -> PaletteCommand | None:
        return self.matches[self.row].item if self.matches else None


def find_commands(state: PaletteState) -> PaletteState:
    """Search again; the cursor goes to the best match."""
    matches = search_items(state.field.text, state.commands, lambda command: command.search_text)
    return replace(state, matches=tuple(matches), row=0)


def move_selection(state: PaletteState, rows: int) -> PaletteState:
    return replace(state, row=max(0, min(state.row + rows, len(state.matches) - 1)))


def count_visible_commands(height: int) -> int:
    """Commands that fit into a window of this height."""
    return max(1, min(height - 2 - _FRAME_ROWS, _MAX_ROWS))


def find_first_row(state: PaletteState, visible: int) -> int:
    """The first of the ``visible`` commands that are drawn."""
    return max(0, min(state.row - visible + 1, len(state.matches) - visible))


def render_palette(state: PaletteState, width: int, height: int) -> Rows:
    """The dialog, as large as the window allows; always of the same size in it."""
    visible = count_visible_commands(height)
    canvas = create_box(max(_MIN_WIDTH, min(width - 4, _MAX_WIDTH)), _FRAME_ROWS + visible, "Commands")
    canvas.write_text(3, 2, "Find", DIM)
    text_field.draw_field(canvas, 8, 2, state.field, width=canvas.width - 11, is_focused=True)
    first = find_first_row(state, visible)
    shown = state.matches[first : first + visible]
    titles = fit_names([match.item.title for match in shown], _measure_room(canvas, "any"))
    for number, (match, title) in enumerate(zip(shown, titles, strict=True)):
        _draw_command(canvas, _FIRST_ROW + number, match, title, is_selected=first + number == state.row)
    if not state.matches:
        draw_message(canvas, 4, f"No command matches {state.field.text.strip()!r}.", is_error=False)
    count = len(state.matches)
    more = "+" if count == MAX_MATCHES else ""
    canvas.write_right(
        canvas.width - 3, canvas.height - 2, f"{min(state.row + 1, count)} of {count}{more}", DIM
    )
    draw_keys(canvas, canvas.height - 2, ("Enter", "Run"), ("↑ ↓", "Select"), ("Esc", "Cancel"))
    return canvas.rows


def _measure_room(canvas: Canvas, keys: str) -> int:
    """Cells of a title beside the keys of its command."""
    return canvas.width - 8 - _KIND_WIDTH - (_KEYS_WIDTH if keys else 0)


def _draw_command(
    canvas: Canvas, y: int, match: SearchMatch[PaletteCommand], short_title: str, *, is_selected: bool
) -> None:
    """``short_title``: looks different from the others that have no room for their title."""
    command = match.item
    ground = SELECTED_STYLE.bg if is_selected else TEXT.bg
    base, found = (SELECTED_STYLE, SELECTED_STYLE) if is_selected else (TEXT, LABEL)
    if not command.is_available and not is_selected:
        base, found = DIM, STRONG
    canvas.write_text(2, y, " " * (canvas.width - 4), CellStyle(bg=ground))
    canvas.write_text(2, y, "›" if is_selected else " ", base)
    canvas.write_text(4, y, command.kind.value, DIM._replace(bg=ground), width=_KIND_WIDTH)
    title = command.title
    title = title if len(split_cells(title)) <= _measure_room(canvas, command.keys) else short_title
    _draw_title(canvas, (4 + _KIND_WIDTH, y), match, title, (base, found._replace(fg=ColourRole.ACCENT)))
    # not in the colour of keys: a click anywhere on the row runs the command
    canvas.write_right(canvas.width - 3, y, command.keys, CellStyle(ColourRole.ACCENT, ground, bold=True))


def _draw_title(
    canvas: Canvas, place: tuple[int, int], match: SearchMatch[PaletteCommand], title: str,
    styles: tuple[CellStyle, CellStyle],
) -> None:  # fmt: skip
    """The letters that were typed in the second style."""
    x, y = place
    if title != match.item.title or len(split_cells(title)) != len(title):
        canvas.write_text(x, y, title, styles[0])
        return
    for index, character in enumerate(title):
        canvas.set_cell(x + index, y, character, styles[index in match.letters])


class CommandPalette(CanvasDialog[PaletteCommand]):
    """Result: the command to run. ``add_commands`` brings those that had to be read first."""

    def __init__(self, theme: TerminalTheme, commands: Sequence[PaletteCommand]) -> None:
        super().__init__(theme)
        self._state = find_commands(PaletteState(tuple(commands)))

    def add_commands(self, commands: Sequence[PaletteCommand]) -> None:
        """Those that are not there yet; the selected one stays selected."""
        known = {(command.kind, command.title) for command in self._state.commands}
        added = [command for command in commands if (command.kind, command.title) not in known]
        selected = self._state.selected_command
        state = find_commands(replace(self._state, commands=(*self._state.commands, *added)))
        rows = [number for number, match in enumerate(state.matches) if match.item is selected]
        self._state = replace(state, row=rows[0] if rows else 0)
        if self.is_mounted and not self.is_closed:
            self.draw_dialog()

    def render_rows(self, width: int, height: int) -> Rows:
        return render_palette(self._state, width, height)

    def take_input(self, key: str, text: str | None) -> bool:
        state = self._state
        page = count_visible_commands(self.app.size.height)
        steps = {"down": 1, "up": -1, "tab": 1, "shift+tab": -1, "pagedown": page, "pageup": -page}
        if key in steps:
            self._state = move_selection(state, steps[key])
        elif text_field.is_edit(key, text):
            self._state = find_commands(replace(state, field=text_field.apply_key(state.field, key, text)))
        else:
            return False
        return True

    def take_click(self, x: int, y: int) -> bool:
        """Run the command of this row."""
        visible = count_visible_commands(self.app.size.height)
        row = find_first_row(self._state, visible) + y - _FIRST_ROW
        if not (_FIRST_ROW <= y < _FIRST_ROW + visible and row < len(self._state.matches)):
            return False
        self._state = replace(self._state, row=row)
        self.action_accept()
        return True

    def action_accept(self) -> None:
        """Run the selected command; without one nothing happens."""
        if self._state.selected_command is not None:
            self.dismiss(self._state.selected_command)
