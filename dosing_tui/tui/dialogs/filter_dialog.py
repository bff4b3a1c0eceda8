"""Asks which devices, chemicals, recipes and modes the panels shall show."""

from dataclasses import replace

from textual.binding import Binding

from dosing_tui.domain.panels.filters import Selection
from dosing_tui.tui.dialogs import filter_selection
from dosing_tui.tui.dialogs.filter_selection import FilterDialogState, FilterGroup, FilterValues
from dosing_tui.tui.rendering import text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text, split_cells
from dosing_tui.tui.rendering.palette import DIM, LABEL, STRONG, TEXT, CellStyle
from dosing_tui.tui.rendering.text_field import TextField
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.form_dialog import (
    KEY_STYLE,
    SELECTED_STYLE,
    FormDialog,
    create_box,
    draw_keys,
    draw_message,
)

_MAX_WIDTH, _MAX_HEIGHT = 112, 30
_FRAME_ROWS = 10
"""Rows of the dialog that are no values."""
_LOADING = "Loading the values …"


def render_filters(state: FilterDialogState, error: str, width: int, height: int) -> Rows:
    """At most as large as the window allows."""
    canvas = create_box(min(width - 4, _MAX_WIDTH), min(height - 2, _MAX_HEIGHT), "Filters")
    column = (canvas.width - 6) // len(state.groups)
    for number, group in enumerate(state.groups):
        present = number == state.group_index
        x = 3 + number * column
        canvas.write_text(x, 3, str(number + 1), KEY_STYLE)
        name = group.dimension.value.capitalize()
        canvas.write_text(x + 2, 3, name, LABEL if present else DIM, width=column - 3)
        canvas.write_text(x + 2, 4, group.summary, STRONG if group.selected_values else DIM, width=column - 3)
        _draw_values(canvas, x, group, column - 1, is_current=present)
    _draw_search(canvas, state)
    sentence = error or (_format_value_at_cursor(state) if state.is_loaded else _LOADING)
    draw_message(canvas, canvas.height - 3, sentence, is_error=bool(error))
    draw_keys(canvas, canvas.height - 2, *_list_keys(state))
    return canvas.rows


def _format_value_at_cursor(state: FilterDialogState) -> str:
    """The value that the keys are about, whole."""
    matching = state.group.matching_values
    return _format_value(matching[state.group.row]) if matching else ""


def count_visible_values(height: int) -> int:
    """How many values of a group are in sight at once."""
    return max(1, min(height - 2, _MAX_HEIGHT) - _FRAME_ROWS)


def _list_keys(state: FilterDialogState) -> tuple[tuple[str, str], ...]:
    if state.is_searching:
        return ("enter", "to the values found"), ("esc", "searches no more")
    return (("space", "marks"), ("a", "all here"), ("c", "all"), ("/", "search"), ("enter", "applies"))


def _draw_values(canvas: Canvas, x: int, group: FilterGroup, width: int, *, is_current: bool) -> None:
    rows = canvas.height - _FRAME_ROWS
    matching = group.matching_values
    first = max(0, min(group.row - rows // 2, len(matching) - rows))
    for number, value in enumerate(matching[first : first + rows]):
        chosen = value in group.selected_values
        pen: CellStyle = STRONG if chosen else TEXT
        if is_current and first + number == group.row:
            pen = SELECTED_STYLE
        mark = "[x]" if chosen else "[ ]"
        canvas.write_text(
            x, 5 + number, f"{mark} {_shorten_name(_format_value(value), width - 4)}", pen, width=width
        )
    hidden = len(matching) - rows
    if hidden > 0:
        place = f"{group.row + 1} of {len(matching)}"
        canvas.write_text(x, 5 + rows, place, DIM, width=width)


def _format_value(value: str) -> str:
    return sanitize_text(value) or "(none)"


def _shorten_name(name: str, width: int) -> str:
    """Names of a plant differ at their ends: what does not fit is left out before the end."""
    if len(split_cells(name)) <= width:
        return name
    return f"{name[:3]}…{name[max(3, len(name) - width + 4) :]}"


def _draw_search(canvas: Canvas, state: FilterDialogState) -> None:
    y = canvas.height - 4
    group = state.group
    if not state.is_searching and not group.search.text:
        return
    label = f"Search {group.dimension.value}"
    x = canvas.write_text(3, y, label, DIM) + 1
    text_field.draw_field(canvas, x, y, group.search, width=30, is_focused=state.is_searching)
    found = len(group.matching_values)
    canvas.write_text(x + 32, y, f"{found} found", TEXT if found else LABEL)


class FilterDialog(FormDialog[Selection]):
    """Opens with what is chosen; ``show_values`` brings the rest as soon as somebody knows it."""

    BINDINGS = [
        Binding("space", "do('toggled')", "Mark", show=False),
        Binding("a", "do('all_of_group')", "All of the group", show=False),
        Binding("c", "do('all_of_everything')", "All of everything", show=False),
        Binding("slash", "search", "Search", show=False),
        Binding("tab", "group(1)", "Next group", show=False),
        Binding("shift+tab", "group(-1)", "Group before", show=False),
        *(Binding(str(number + 1), f"go_to({number})", show=False) for number in range(4)),
        Binding("down", "move(1)", show=False),
        Binding("up", "move(-1)", show=False),
        Binding("pagedown", "turn(1)", show=False),
        Binding("pageup", "turn(-1)", show=False),
    ]

    def __init__(
        self, theme: TerminalTheme, selection: Selection, *, values: FilterValues | None = None
    ) -> None:
        super().__init__(theme)
        begun = filter_selection.create_state(selection)
        self._filter_state = begun if values is None else filter_selection.load_values(begun, values)
        self._error = ""

    def show_values(self, values: FilterValues) -> None:
        """The values there are; what has been marked meanwhile stays marked."""
        self._error = ""
        self._set_state(filter_selection.load_values(self._filter_state, values))

    def show_error(self, sentence: str) -> None:
        """Why the values are not known."""
        self._error = sanitize_text(sentence, 240)
        self._set_state(self._filter_state)

    @property
    def active_field(self) -> TextField | None:
        return self._filter_state.group.search if self._filter_state.is_searching else None

    def update_field(self, new_field: TextField) -> None:
        group = replace(self._filter_state.group, search=new_field, row=0)
        self._filter_state = filter_selection.replace_group(self._filter_state, group)

    def render_rows(self, width: int, height: int) -> Rows:
        return render_filters(self._filter_state, self._error, width, height)

    def _set_state(self, state: FilterDialogState) -> None:
        self._filter_state = state
        if self.is_mounted:
            self.draw_dialog()

    def action_do(self, change: str) -> None:
        self._set_state(_CHANGES[change](self._filter_state))

    def action_search(self) -> None:
        self._set_state(replace(self._filter_state, is_searching=True))

    def action_go_to(self, number: int) -> None:
        self._set_state(filter_selection.go_to_group(self._filter_state, number))

    def action_group(self, step: int) -> None:
        self._set_state(
            filter_selection.go_to_group(self._filter_state, self._filter_state.group_index + step)
        )

    def action_move(self, rows: int) -> None:
        self._set_state(filter_selection.move_cursor(self._filter_state, rows))

    def action_edit(self, key: str) -> None:
        """Where nothing is typed, the arrows go from group to group."""
        last = len(self._filter_state.group.values)
        if self._filter_state.is_searching:
            super().action_edit(key)
        elif key in ("left", "right"):
            self.action_group(1 if key == "right" else -1)
        elif key in ("home", "end"):
            self.action_move(last if key == "end" else -last)

    def action_turn(self, pages: int) -> None:
        self.action_move(pages * count_visible_values(self.app.size.height))

    def action_accept(self) -> None:
        if self._filter_state.is_searching:
            self._set_state(replace(self._filter_state, is_searching=False))
        else:
            self.dismiss(filter_selection.build_selection(self._filter_state))

    def action_leave(self) -> None:
        if not self._filter_state.is_searching:
            super().action_leave()
            return
        self.update_field(TextField())
        self._set_state(replace(self._filter_state, is_searching=False))


_CHANGES = {
    "toggled": filter_selection.toggle_value,
    "all_of_group": filter_selection.clear_group,
    "all_of_everything": filter_selection.clear_all,
}
