"""Tables: rows under columns that format, sort and draw them; a cursor, sorting and search. Pure."""

from collections.abc import Callable, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any, Generic, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.labels.name_labels import fit_labels
from dosing_tui.domain.labels.station_labels import fit_station_names
from dosing_tui.domain.messages.text_sanitizer import count_cells
from dosing_tui.tui.rendering.canvas import (
    Canvas,
    Rows,
    cut_clauses,
    cut_middle,
    paint_cells,
    split_cells,
    wrap_text,
)
from dosing_tui.tui.rendering.palette import DIM, TEXT, CellStyle, ColourRole
from dosing_tui.tui.rendering.row_memory import RowMemory

Row = TypeVar("Row")
Value: TypeAlias = float | int | str | datetime | date | None
"""The value that a column sorts by and exports."""
StyledRuns: TypeAlias = Sequence[tuple[str, CellStyle]]
"""Texts with their styles, side by side."""


MAX_COMPARED_ROWS = 300
"""Up to this number of rows a name is distinct from those out of sight, too; each is formatted for it."""
SELECTION_LOST = "The selected row is no longer in the table: select another one."
MAX_SEARCH_LENGTH = 40
"""Letters of a search."""


class TableColumn(Struct, Generic[Row], frozen=True):
    """``format_text`` is the text of a row's cell. Every function is given the context of the table."""

    title: str
    width: int
    priority: int
    """The column with the lowest number goes first when room is short."""
    format_text: Callable[[Row, Any], str]
    get_value: Callable[[Row, Any], Value] | None = None
    """Only if it differs from the text."""
    unit: str = ""
    """Unit of the value, for exports."""
    style: CellStyle = TEXT
    format_runs: Callable[[Row, Any], StyledRuns] | None = None
    """Text in several styles, or in a style of the row; a background of its own stays."""
    draw_cell: Callable[[Row, Any, int, ColourRole], Rows] | None = None
    """One row of cells of the given width on the given background, for a cell that is more than text."""
    align_right: bool = False
    max_growth: int = 0
    """Cells that it may take of spare room; a name first what it needs."""
    all_or_nothing: bool = False
    """It grows by ``max_growth`` or not at all."""
    min_width: int = 0
    """It shrinks to this width before it is left out; 0: it does not shrink."""
    is_name: bool = False
    """Too long texts are cut where they still differ from each other."""
    is_station: bool = False
    """Its names are of stations: where they are too long, each is its last word, if that is enough."""
    is_sentence: bool = False
    """Its names are sentences: where they are too long, whole clauses or words are left out."""
    is_scale: bool = False
    """A scale around zero: its width is odd, and it cannot be sorted by."""

    def format_heading(self) -> str:
        """The title, or the signs of a scale."""
        if self.is_scale:
            side = self.width // 2
            return f"{'−':<{side}}0{'+':>{side}}"
        return self.title.rjust(self.width) if self.align_right else self.title

    def read_value(
        self, row: Row, context: Any
    ) -> Value:  # the context is whatever the columns of the table need
        return self.format_text(row, context) if self.get_value is None else self.get_value(row, context)

    def render_cell(self, row: Row, context: Any, background: ColourRole, name: str = "") -> Rows:
        """``name``: the text as it was cut for this column."""
        if self.draw_cell is not None:
            return self.draw_cell(row, context, self.width, background)
        canvas = Canvas(self.width, 1, CellStyle(bg=background))
        plain = [(name or self.format_text(row, context), self.style)]
        runs = plain if self.format_runs is None else self.format_runs(row, context)
        if self.is_name and not self.align_right:
            runs = _cut_last_run(runs, self.width, is_sentence=self.is_sentence)
        x = self.width if self.align_right else 0
        for text, style in runs:
            if style.bg is ColourRole.BACKGROUND:
                style = style._replace(bg=background)
            write = canvas.write_right if self.align_right else canvas.write_text
            x = write(x, 0, text, style)
        return canvas.rows


class TableData(Struct, Generic[Row], frozen=True):
    """Rows in their own order, e.g. the newest first."""

    rows: tuple[Row, ...]
    columns: tuple[TableColumn[Row], ...]
    context: Any = None
    describe_row: Callable[[Row, Any], str] | None = None
    """More of the selected row, for the last lines of a table with room below its rows; '' for nothing."""
    is_cut: bool = False
    """There are more than these rows, which are the newest."""
    follows_newest: bool = False
    """A cursor in the first row stays in the first row; elsewhere it stays on its row."""


class TableCursor(Struct, frozen=True):
    """The view of a table. New rows, and new values of a row with an ``identity``, move no selection."""

    selected_row: object = None
    """None until a key or a click has selected one: then the first row counts as selected."""
    first_row: int = 0
    """The first row in sight."""
    sort_column: str = ""
    """Title of the column that sorts; '' for the table's own order."""
    is_reversed: bool = False
    search_text: str = ""
    is_searching: bool = False
    """Keys go into ``search_text``."""


def arrange_rows(table: TableData[Row], cursor: TableCursor) -> tuple[Row, ...]:
    """The rows that contain the search text, sorted; rows without a value come last."""
    rows = table.rows
    if cursor.search_text:
        text = cursor.search_text.casefold()
        rows = tuple(
            row for row in rows
            if any(text in column.format_text(row, table.context).casefold() for column in table.columns)
        )  # fmt: skip
    column = next((column for column in table.columns if column.title == cursor.sort_column), None)
    if column is None:
        return rows[::-1] if cursor.is_reversed else rows
    with_value = [row for row in rows if column.read_value(row, table.context) is not None]
    with_value.sort(key=partial(_read_sort_value, column, table.context), reverse=cursor.is_reversed)
    return (*with_value, *(row for row in rows if column.read_value(row, table.context) is None))


def _read_sort_value(column: TableColumn[Row], context: object, row: Row) -> Any:
    """A column's values are all of one type, which has an order, or None."""
    return column.read_value(row, context)


def sort_by_next_column(cursor: TableCursor, table: TableData[Row]) -> TableCursor:
    """By the next column; after the last one by the table's own order."""
    titles = ["", *(column.title for column in table.columns if column.title and not column.is_scale)]
    here = titles.index(cursor.sort_column) if cursor.sort_column in titles else 0
    return replace(cursor, sort_column=titles[(here + 1) % len(titles)], is_reversed=False)


def edit_search(cursor: TableCursor, key: str, character: str | None) -> TableCursor:
    """Apply one key to a search: enter keeps it, escape clears it."""
    match key:
        case "enter":
            return replace(cursor, is_searching=False)
        case "escape":
            return replace(cursor, is_searching=False, search_text="", selected_row=None)
        case "backspace":
            return replace(cursor, search_text=cursor.search_text[:-1], selected_row=None)
        case _ if (
            character is not None and character.isprintable() and len(cursor.search_text) < MAX_SEARCH_LENGTH
        ):
            return replace(cursor, search_text=cursor.search_text + character, selected_row=None)
        case _:
            return cursor


def move_cursor(
    cursor: TableCursor, rows: Sequence[object], step: int, *, follows_newest: bool = False
) -> TableCursor:
    """Move the selection down, or up for a negative step."""
    return select_row(cursor, rows, find_cursor_row(cursor, rows) + step, follows_newest=follows_newest)


def select_row(
    cursor: TableCursor, rows: Sequence[object], number: int, *, follows_newest: bool = False
) -> TableCursor:
    """``follows_newest``: as of the table."""
    number = max(0, min(number, len(rows) - 1))
    is_held = rows and (number or not follows_newest)
    return replace(cursor, selected_row=rows[number] if is_held else None)


def find_cursor_row(cursor: TableCursor, rows: Sequence[object]) -> int:
    """Number of the selected row; 0, to move on from, if it is no longer in the table."""
    return find_selection(cursor, rows) or 0


def find_selection(cursor: TableCursor, rows: Sequence[object]) -> int | None:
    """Number of the selected row; None if it is no longer in the table: no key acts on another one."""
    if cursor.selected_row is None:
        return 0
    identity = _identify_row(cursor.selected_row)
    return next((number for number, row in enumerate(rows) if _identify_row(row) == identity), None)


def _identify_row(row: object) -> object:
    """What stays the same while the row's values change: its ``identity``, or the row itself."""
    return getattr(row, "identity", row)


def scroll_to_cursor(cursor: TableCursor, rows: Sequence[object], visible_count: int) -> TableCursor:
    """Scroll as little as possible to show the selected row."""
    selected = find_cursor_row(cursor, rows)
    first = max(0, min(cursor.first_row if cursor.selected_row is not None else 0, len(rows) - visible_count))
    if visible_count > 0:
        first = max(selected - visible_count + 1, min(first, selected))
    return replace(cursor, first_row=first)


def fit_columns(table: TableData[Row], width: int, memory: RowMemory | None = None) -> list[TableColumn[Row]]:
    """The columns that fit, by priority, widened by spare room: a scale first, then names.

    What is left when each has what it needs goes to the last names: the table is as wide as its place.
    """
    kept = list(table.columns)
    while len(kept) > 1 and _measure_columns(kept) > width:
        least = min(kept, key=lambda column: column.priority)
        if 0 < least.min_width < least.width:
            kept[kept.index(least)] = replace(least, width=least.min_width)
        else:
            kept.remove(least)
    order = sorted(range(len(kept)), key=lambda number: _choose_growth_order(kept[number]))
    for number in order:
        column = kept[number]
        most = _measure_need(table, column, memory or RowMemory()) if column.is_name else column.max_growth
        kept[number] = _widen_column(column, most, width - _measure_columns(kept))
    for number in reversed(order):
        column = kept[number]
        if column.is_name and not column.all_or_nothing and not column.is_station:
            kept[number] = _widen_column(column, column.max_growth, width - _measure_columns(kept))
    return kept


def _choose_growth_order(column: TableColumn[Row]) -> tuple[bool, bool, bool]:
    """A station has a short name for a narrow column, other names have none."""
    return not column.is_scale, not column.is_name, column.is_station


def _widen_column(column: TableColumn[Row], most: int, spare: int) -> TableColumn[Row]:
    """By ``most`` cells, or as many as there are; ``max_growth`` is what it may still take."""
    more = max(0, min(most, spare))
    more -= more % 2 if column.is_scale else 0
    if (column.all_or_nothing or column.is_station) and more < most:
        return column
    return replace(column, width=column.width + more, max_growth=column.max_growth - more)


def _measure_need(table: TableData[Row], column: TableColumn[Row], memory: RowMemory) -> int:
    """Cells that a column of names lacks for its longest name, at most its growth."""
    if column.max_growth <= 0 or len(table.rows) > MAX_COMPARED_ROWS:
        return column.max_growth
    texts = set(memory.list_texts(column.format_text, table.rows, table.context))
    longest = max(map(count_cells, texts), default=0)
    return max(0, min(longest - column.width, column.max_growth))


def _cut_last_run(runs: StyledRuns, width: int, *, is_sentence: bool) -> StyledRuns:
    """The last text cut in the middle if there is no room: its end tells it from others."""
    *others, (text, style) = runs
    room = width - sum(len(split_cells(other)) for other, _ in others)
    if is_sentence:
        return [*others, (cut_clauses(text, room), style)]
    return [*others, (cut_middle(text, room, head=(room - 1) * 3 // 5) if room > 1 else text, style)]


def _measure_columns(columns: Sequence[TableColumn[Row]]) -> int:
    return sum(column.width + 1 for column in columns) - 1


def count_visible_rows(height: int, cursor: TableCursor) -> int:
    """Rows between the heading and the search line."""
    return max(0, height - 1 - bool(cursor.search_text or cursor.is_searching))


@paint_cells
def paint_table(
    canvas: Canvas,
    table: TableData[Row],
    cursor: TableCursor = TableCursor(),
    *,
    highlight_row: bool = False,
    memory: RowMemory | None = None,
) -> None:
    """From the cursor's first row on; the selected row is highlighted if ``highlight_row``.

    ``memory``: of this table, from one call to the next.
    """
    memory = memory or RowMemory()
    memory.open_table((table.columns, table.context))
    columns, rows = fit_columns(table, canvas.width, memory), arrange_rows(table, cursor)
    _draw_headings(canvas, columns, cursor)
    visible = count_visible_rows(canvas.height, cursor)
    selected = find_selection(cursor, rows) if highlight_row else None
    shown = rows[cursor.first_row : cursor.first_row + visible]
    names = [_fit_column_names(table, column, shown, memory) for column in columns]
    widths = tuple(column.width for column in columns)
    for number, (row, *row_names) in enumerate(zip(shown, *names, strict=True), start=cursor.first_row):
        ground = ColourRole.SELECTION if number == selected else ColourRole.BACKGROUND
        draw = partial(_draw_row, row, table.context, columns, row_names, canvas.width, ground)
        drawn = memory.draw_row(row, (canvas.width, widths, ground, *row_names), draw)
        canvas.paste_rows(0, 1 + number - cursor.first_row, drawn)
    if cursor.search_text or cursor.is_searching:
        _draw_search(canvas, cursor, len(rows))
    elif table.describe_row is not None and rows:
        text = table.describe_row(rows[find_cursor_row(cursor, rows)], table.context)
        _draw_description(canvas, text, first_free_row=1 + len(rows))


def _draw_row(
    row: Row, context: object, columns: Sequence[TableColumn[Row]], names: Sequence[str], width: int,
    ground: ColourRole,
) -> Rows:  # fmt: skip
    canvas, x = Canvas(width, 1, CellStyle(bg=ground)), 0
    for column, name in zip(columns, names, strict=True):
        canvas.paste_rows(x, 0, column.render_cell(row, context, ground, name))
        x += column.width + 1
    return canvas.rows


def _draw_description(canvas: Canvas, text: str, *, first_free_row: int) -> None:
    """In the last lines, with an empty one above; not at all without the room."""
    lines = wrap_text(text, canvas.width) if text else []
    begin = canvas.height - len(lines)
    if begin <= first_free_row:
        return
    for y, line in enumerate(lines, start=begin):
        canvas.write_text(0, y, line, DIM)


def _fit_column_names(
    table: TableData[Row], column: TableColumn[Row], shown: Sequence[Row], memory: RowMemory
) -> Sequence[str]:
    """The texts of a column of names, distinct also from those that are out of sight; '' for another one."""
    if not column.is_name or column.is_sentence:
        return [""] * len(shown)
    others = table.rows if len(table.rows) <= MAX_COMPARED_ROWS else ()
    other_texts = memory.list_texts(column.format_text, others, table.context)
    texts = memory.list_texts(column.format_text, shown, table.context)
    all_texts = {*texts, *other_texts}
    if column.is_station:
        labels = fit_station_names(all_texts, column.width)
    else:
        labels = fit_labels(all_texts, column.width)
    return [labels[text] for text in texts]


def _draw_headings(canvas: Canvas, columns: Sequence[TableColumn[Row]], cursor: TableCursor) -> None:
    pen = CellStyle(ColourRole.DIM, ColourRole.BAR_BACKGROUND)
    canvas.fill_row(0, pen)
    x = 0
    for column in columns:
        sorts = column.title == cursor.sort_column and bool(cursor.sort_column)
        text = column.format_heading()
        canvas.write_text(
            x,
            0,
            text,
            CellStyle(ColourRole.STRONG, ColourRole.BAR_BACKGROUND, bold=True) if sorts else pen,
            width=column.width,
        )
        if sorts:
            arrow = "↓" if cursor.is_reversed else "↑"
            at = x + column.width - len(column.title) - 1 if column.align_right else x + len(column.title)
            canvas.set_cell(
                max(x - 1, min(at, x + column.width)),
                0,
                arrow,
                CellStyle(ColourRole.STRONG, ColourRole.BAR_BACKGROUND, bold=True),
            )
        x += column.width + 1


def _draw_search(canvas: Canvas, cursor: TableCursor, match_count: int) -> None:
    y = canvas.height - 1
    x = canvas.write_text(0, y, "find ", DIM)
    x = canvas.write_text(x, y, cursor.search_text, CellStyle(ColourRole.STRONG), width=canvas.width // 2)
    if cursor.is_searching:
        x = canvas.write_text(x, y, "_", CellStyle(ColourRole.ACCENT))
    said = (
        f"{match_count} found · enter keeps · esc clears" if cursor.is_searching else f"{match_count} found"
    )
    canvas.write_text(x + 2, y, said, DIM)
