"""Asks which devices, chemicals, recipes and modes the panels shall show."""

from dataclasses import replace

from textual.binding import Binding

from dosing_tui.domain.panels.filters import Selection
from dosing_tui.tui.dialogs import filter_selection
from dosing_tui.tui.dialogs.filter_selection import Choosing, Group, Values
from dosing_tui.tui.rendering import text_field
from dosing_tui.tui.rendering.canvas import Canvas, Rows, cells, plain
from dosing_tui.tui.rendering.palette import DIM, HOT, LABEL, TEXT, Pen
from dosing_tui.tui.rendering.text_field import Field
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.widgets.form_dialog import CHOSEN, KEY, Sheet, box, keys_row, say

_WIDEST, _TALLEST = 112, 30
_AROUND = 10
"""Rows of the dialog that are no values."""
_LOADING = "Loading the values …"


def filter_rows(asked: Choosing, trouble: str, width: int, height: int) -> Rows:
    """At most as large as the window allows."""
    canvas = box(min(width - 4, _WIDEST), min(height - 2, _TALLEST), "Filters")
    column = (canvas.width - 6) // len(asked.groups)
    for number, group in enumerate(asked.groups):
        present = number == asked.at
        x = 3 + number * column
        canvas.text(x, 3, str(number + 1), KEY)
        name = group.dimension.value.capitalize()
        canvas.text(x + 2, 3, name, LABEL if present else DIM, width=column - 3)
        canvas.text(x + 2, 4, group.words, HOT if group.chosen else DIM, width=column - 3)
        _draw_values(canvas, x, group, column - 1, present=present)
    _draw_search(canvas, asked)
    sentence = trouble or (_present(asked) if asked.loaded else _LOADING)
    say(canvas, canvas.height - 3, sentence, fault=bool(trouble))
    keys_row(canvas, canvas.height - 2, *_keys(asked))
    return canvas.rows


def _present(asked: Choosing) -> str:
    """The value that the keys are about, whole."""
    matching = asked.group.matching
    return _named(matching[asked.group.row]) if matching else ""


def page(height: int) -> int:
    """How many values of a group are in sight at once."""
    return max(1, min(height - 2, _TALLEST) - _AROUND)


def _keys(asked: Choosing) -> tuple[tuple[str, str], ...]:
    if asked.searching:
        return ("enter", "to the values found"), ("esc", "searches no more")
    return (("space", "marks"), ("a", "all here"), ("c", "all"), ("/", "search"), ("enter", "applies"))


def _draw_values(canvas: Canvas, x: int, group: Group, width: int, *, present: bool) -> None:
    rows = canvas.height - _AROUND
    matching = group.matching
    first = max(0, min(group.row - rows // 2, len(matching) - rows))
    for number, value in enumerate(matching[first : first + rows]):
        chosen = value in group.chosen
        pen: Pen = HOT if chosen else TEXT
        if present and first + number == group.row:
            pen = CHOSEN
        mark = "[x]" if chosen else "[ ]"
        canvas.text(x, 5 + number, f"{mark} {_shortened(_named(value), width - 4)}", pen, width=width)
    hidden = len(matching) - rows
    if hidden > 0:
        place = f"{group.row + 1} of {len(matching)}"
        canvas.text(x, 5 + rows, place, DIM, width=width)


def _named(value: str) -> str:
    return plain(value) or "(none)"


def _shortened(name: str, width: int) -> str:
    """Names of a plant differ at their ends: what does not fit is left out before the end."""
    if len(cells(name)) <= width:
        return name
    return f"{name[:3]}…{name[max(3, len(name) - width + 4) :]}"


def _draw_search(canvas: Canvas, asked: Choosing) -> None:
    y = canvas.height - 4
    group = asked.group
    if not asked.searching and not group.search.text:
        return
    label = f"Search {group.dimension.value}"
    x = canvas.text(3, y, label, DIM) + 1
    text_field.draw(canvas, x, y, group.search, width=30, focused=asked.searching)
    found = len(group.matching)
    canvas.text(x + 32, y, f"{found} found", TEXT if found else LABEL)


class FilterDialog(Sheet[Selection]):
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

    def __init__(self, look: Look, chosen: Selection, *, values: Values | None = None) -> None:
        super().__init__(look)
        begun = filter_selection.begun(chosen)
        self._asked = begun if values is None else filter_selection.loaded(begun, values)
        self._trouble = ""

    def show_values(self, values: Values) -> None:
        """The values there are; what has been marked meanwhile stays marked."""
        self._trouble = ""
        self._set(filter_selection.loaded(self._asked, values))

    def show_trouble(self, sentence: str) -> None:
        """Why the values are not known."""
        self._trouble = plain(sentence, 240)
        self._set(self._asked)

    @property
    def typing(self) -> Field | None:
        return self._asked.group.search if self._asked.searching else None

    def put(self, changed: Field) -> None:
        group = replace(self._asked.group, search=changed, row=0)
        self._asked = filter_selection.changed(self._asked, group)

    def rows(self, width: int, height: int) -> Rows:
        return filter_rows(self._asked, self._trouble, width, height)

    def _set(self, asked: Choosing) -> None:
        self._asked = asked
        if self.is_mounted:
            self.draw()

    def action_do(self, change: str) -> None:
        self._set(_CHANGES[change](self._asked))

    def action_search(self) -> None:
        self._set(replace(self._asked, searching=True))

    def action_go_to(self, number: int) -> None:
        self._set(filter_selection.at_group(self._asked, number))

    def action_group(self, step: int) -> None:
        self._set(filter_selection.at_group(self._asked, self._asked.at + step))

    def action_move(self, rows: int) -> None:
        self._set(filter_selection.moved(self._asked, rows))

    def action_edit(self, key: str) -> None:
        """Where nothing is typed, the arrows go from group to group."""
        last = len(self._asked.group.values)
        if self._asked.searching:
            super().action_edit(key)
        elif key in ("left", "right"):
            self.action_group(1 if key == "right" else -1)
        elif key in ("home", "end"):
            self.action_move(last if key == "end" else -last)

    def action_turn(self, pages: int) -> None:
        self.action_move(pages * page(self.app.size.height))

    def action_accept(self) -> None:
        if self._asked.searching:
            self._set(replace(self._asked, searching=False))
        else:
            self.dismiss(filter_selection.selection(self._asked))

    def action_leave(self) -> None:
        if not self._asked.searching:
            super().action_leave()
            return
        self.put(Field())
        self._set(replace(self._asked, searching=False))


_CHANGES = {
    "toggled": filter_selection.toggled,
    "all_of_group": filter_selection.all_of_group,
    "all_of_everything": filter_selection.all_of_everything,
}
