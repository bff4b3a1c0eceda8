"""Selects the stations, chemicals, recipes, modes and pumps that the panels show."""

import sys
from collections.abc import Callable, Mapping
from functools import partial

from msgspec.structs import replace

from dosing_tui.domain.labels.name_labels import fit_labels
from dosing_tui.domain.labels.station_labels import fit_station_names
from dosing_tui.domain.panels.filters import Dimension, Selection
from dosing_tui.tui.dialogs import filter_selection
from dosing_tui.tui.dialogs.filter_selection import FilterDialogState, FilterGroup, FilterValues
from dosing_tui.tui.rendering import text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text
from dosing_tui.tui.rendering.palette import DIM, LABEL, STRONG, TEXT
from dosing_tui.tui.rendering.text_field import TextField
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.widgets.canvas_dialog import (
    KEY_STYLE,
    SELECTED_STYLE,
    CanvasDialog,
    create_box,
    draw_keys,
    draw_message,
)
from dosing_tui.tui.widgets.form_fields import format_mark_box

_MIN_WIDTH, _MAX_WIDTH, _MAX_HEIGHT = 40, 112, 30
_FRAME_ROWS = 10
"""Rows of the dialog without values."""


def render_filters(state: FilterDialogState, error: str, width: int, height: int) -> Rows:
    """The dialog, at most as large as the window allows; ``error`` replaces the value under the cursor."""
    canvas = create_box(
        max(_MIN_WIDTH, min(width - 4, _MAX_WIDTH)), _FRAME_ROWS + count_visible_values(height), "Filters"
    )
    column = (canvas.width - 6) // len(state.groups)
    for number, group in enumerate(state.groups):
        is_current, x = number == state.group_index, 3 + number * column
        canvas.write_text(x, 3, str(number + 1), KEY_STYLE)
        name = group.dimension.label.capitalize()
        canvas.write_text(x + 2, 3, name, LABEL if is_current else DIM, width=column - 3)
        canvas.write_text(x + 2, 4, group.summary, STRONG if group.selected_values else DIM, width=column - 3)
        _draw_values(canvas, x, group, column - 1, is_current=is_current)
    _draw_search(canvas, state)
    values = state.group.matching_values
    missing = "" if state.group.values else f"No {state.group.dimension.label} is stored yet."
    at_cursor = _format_value(values[state.group.row]) if values else missing
    sentence = error or (at_cursor if state.is_loaded else "Loading the values …")
    draw_message(canvas, canvas.height - 3, sentence, is_error=bool(error))
    draw_keys(canvas, canvas.height - 2, *_list_keys(state))
    return canvas.rows


def count_visible_values(height: int) -> int:
    """Values of a group that fit into a window of this height."""
    return max(1, min(height - 2, _MAX_HEIGHT) - _FRAME_ROWS)


def _list_keys(state: FilterDialogState) -> tuple[tuple[str, str], ...]:
    if state.is_searching:
        return ("Enter", "Go to matches"), ("Esc", "Clear search")
    return (("Space", "Mark"), ("a", "All here"), ("c", "All"), ("/", "Search"), ("Enter", "Apply"))


def _draw_values(canvas: Canvas, x: int, group: FilterGroup, width: int, *, is_current: bool) -> None:
    rows = canvas.height - _FRAME_ROWS
    matching = group.matching_values
    first = max(0, min(group.row - rows // 2, len(matching) - rows))
    fit = fit_station_names if group.dimension is Dimension.DEVICE else fit_labels
    labels = fit(map(_format_value, group.values), width - 4)
    for number, value in enumerate(matching[first : first + rows]):
        is_marked = value in group.selected_values
        style = STRONG if is_marked else TEXT
        if is_current and first + number == group.row:
            style = SELECTED_STYLE
        text = f"{format_mark_box(is_marked=is_marked)} {labels[_format_value(value)]}"
        canvas.write_text(x, 5 + number, text, style, width=width)
    hidden = len(matching) - rows
    if hidden > 0:
        canvas.write_text(x, 5 + rows, f"{group.row + 1} of {len(matching)}", DIM, width=width)


def _format_value(value: str) -> str:
    return sanitize_text(value) or "(none)"


def _draw_search(canvas: Canvas, state: FilterDialogState) -> None:
    y = canvas.height - 4
    group = state.group
    if not state.is_searching and not group.search.text:
        return
    x = canvas.write_text(3, y, f"Search {group.dimension.label}", DIM) + 1
    text_field.draw_field(canvas, x, y, group.search, width=30, is_focused=state.is_searching)
    count = len(group.matching_values)
    canvas.write_text(x + 32, y, f"{count} found", TEXT if count else LABEL)


class FilterDialog(CanvasDialog[Selection]):
    """Opens with the current selection; ``show_values`` adds the other values when they have been read."""

    wheel_moves_cursor = True

    def __init__(
        self, theme: TerminalTheme, selection: Selection, *, values: FilterValues | None = None
    ) -> None:
        super().__init__(theme)
        state = filter_selection.create_state(selection)
        self._filter_state = state if values is None else filter_selection.load_values(state, values)
        self._error = ""

    def show_values(self, values: FilterValues) -> None:
        """The values in the database; marks made meanwhile stay."""
        self._error = ""
        self._set_state(filter_selection.load_values(self._filter_state, values))

    def show_error(self, sentence: str) -> None:
        """Why the values could not be read."""
        self._error = sanitize_text(sentence, 240)
        self._set_state(self._filter_state)

    def _set_state(self, state: FilterDialogState) -> None:
        self._filter_state = state
        if self.is_mounted:
            self.draw_dialog()

    def render_rows(self, width: int, height: int) -> Rows:
        return render_filters(self._filter_state, self._error, width, height)

    def take_input(self, key: str, text: str | None) -> bool:
        state = self._filter_state
        if state.is_searching and text_field.is_edit(key, text):
            self._set_search(text_field.apply_key(state.group.search, key, text))
        elif key in ("pageup", "pagedown"):
            rows = count_visible_values(self.app.size.height)
            self._filter_state = filter_selection.move_cursor(state, rows if key == "pagedown" else -rows)
        elif key in _KEY_CHANGES:
            self._filter_state = _KEY_CHANGES[key](state)
        else:
            return False
        return True

    def take_click(self, x: int, y: int) -> bool:
        """On a value: mark it, or remove the mark."""
        canvas_width = max(_MIN_WIDTH, min(self.app.size.width - 4, _MAX_WIDTH))
        number = (x - 3) // ((canvas_width - 6) // len(self._filter_state.groups))
        if not 0 <= number < len(self._filter_state.groups):
            return False
        state = filter_selection.go_to_group(self._filter_state, number=number)
        rows, count = count_visible_values(self.app.size.height), len(state.group.matching_values)
        first = max(0, min(state.group.row - rows // 2, count - rows))
        row = first + y - 5
        if 5 <= y < 5 + rows and row < count:
            state = filter_selection.move_cursor(state, row - state.group.row)
            state = filter_selection.toggle_value(state)
        self._filter_state = state
        return True

    def _set_search(self, search: TextField) -> None:
        group = replace(self._filter_state.group, search=search, row=0)
        self._filter_state = filter_selection.replace_group(self._filter_state, group)

    def action_accept(self) -> None:
        """End the search; apply the selection where there is none."""
        if self._filter_state.is_searching:
            self._set_state(replace(self._filter_state, is_searching=False))
        else:
            self.dismiss(filter_selection.build_selection(self._filter_state))

    def action_leave(self) -> None:
        """Clear the search; close the dialog where there is none."""
        if self._filter_state.is_searching:
            self._set_search(TextField())
            self._set_state(replace(self._filter_state, is_searching=False))
        else:
            super().action_leave()


_KEY_CHANGES: Mapping[str, Callable[[FilterDialogState], FilterDialogState]] = {
    "space": filter_selection.toggle_value,
    "a": filter_selection.clear_group,
    "c": filter_selection.clear_all,
    "slash": lambda state: replace(state, is_searching=True),
    "down": partial(filter_selection.move_cursor, rows=1),
    "up": partial(filter_selection.move_cursor, rows=-1),
    "end": partial(filter_selection.move_cursor, rows=sys.maxsize),
    "home": partial(filter_selection.move_cursor, rows=-sys.maxsize),
    **dict.fromkeys(("tab", "right"), partial(filter_selection.step_group, step=1)),
    **dict.fromkeys(("shift+tab", "left"), partial(filter_selection.step_group, step=-1)),
    **{
        str(number + 1): partial(filter_selection.go_to_group, number=number)
        for number in range(len(Dimension))
    },
}
