"""Tables: rows under columns that say, sort and draw them; a reader moves, sorts and searches. Pure."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any, Generic, TypeAlias, TypeVar

from dosing_tui.tui.rendering.canvas import Canvas, Rows
from dosing_tui.tui.rendering.palette import DIM, TEXT, Pen, Tone

Row = TypeVar("Row")
Value: TypeAlias = float | int | str | datetime | date | None
"""What a column sorts by, and what is exported."""


LONGEST_FIND = 40
"""Letters of a search."""


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """``said`` is the text of a row's cell. The facts of the table are given to every function."""

    title: str
    width: int
    keep: int
    """The column with the lowest number goes first when room is short."""
    said: Callable[[Row, Any], str]
    value: Callable[[Row, Any], Value] | None = None
    """Only where it is another than the text."""
    unit: str = ""
    """Of the value; told in exports, and in the title where it is wanted there."""
    pen: Pen = TEXT
    draw: Callable[[Row, Any, int, Tone], Rows] | None = None
    """One row of cells of the given width on the given ground, for what is more than a text."""
    right: bool = False
    grow: int = 0
    """Cells it may take of the room that is left."""
    snap: bool = False
    """It takes all of that, or nothing."""
    least: int = 0
    """Before it goes it may shrink to this; 0 for a column that is whole or not there."""
    scale: bool = False
    """Drawn around a zero in its middle: its width stays odd, it has no order of its own."""

    def heading(self) -> str:
        """The title, or the signs of the scale, as they stand above the cells."""
        if self.scale:
            side = self.width // 2
            return f"{'−':<{side}}0{'+':>{side}}"
        return self.title.rjust(self.width) if self.right else self.title

    def worth(self, row: Row, facts: Any) -> Value:  # facts are whatever the table's own columns know
        return self.said(row, facts) if self.value is None else self.value(row, facts)

    def cells(self, row: Row, facts: Any, ground: Tone) -> Rows:
        if self.draw is not None:
            return self.draw(row, facts, self.width, ground)
        canvas = Canvas(self.width, 1, Pen(bg=ground))
        said, pen = self.said(row, facts), self.pen._replace(bg=ground)
        if self.right:
            canvas.right(self.width, 0, said, pen)
        else:
            canvas.text(0, 0, said, pen)
        return canvas.rows


@dataclass(frozen=True, slots=True)
class Table(Generic[Row]):
    """Rows in their own order, e.g. the newest first."""

    rows: tuple[Row, ...]
    columns: tuple[Column[Row], ...]
    facts: Any = None


@dataclass(frozen=True, slots=True)
class Reader:
    """Where the operator is in a table. ``held`` is the selected row itself: new rows do not move it away."""

    held: object = None
    """None is the first row, whichever that is."""
    first: int = 0
    """The first row in sight."""
    order: str = ""
    """Title of the column that sorts; '' for the table's own order."""
    reverse: bool = False
    find: str = ""
    typing: bool = False
    """Keys go into ``find``."""


def arranged(table: Table[Row], reader: Reader) -> tuple[Row, ...]:
    """The rows that hold what is searched for, in the reader's order; what has no value comes last."""
    rows = table.rows
    if reader.find:
        wanted = reader.find.casefold()
        rows = tuple(
            row for row in rows
            if any(wanted in column.said(row, table.facts).casefold() for column in table.columns)
        )  # fmt: skip
    column = next((column for column in table.columns if column.title == reader.order), None)
    if column is None:
        return rows[::-1] if reader.reverse else rows
    known = [row for row in rows if column.worth(row, table.facts) is not None]
    # one column's values are all of one type, or None
    known.sort(key=lambda row: column.worth(row, table.facts), reverse=reader.reverse)  # type: ignore[arg-type,return-value]
    return (*known, *(row for row in rows if column.worth(row, table.facts) is None))


def ordered(reader: Reader, table: Table[Row]) -> Reader:
    """By the next column, then by the table's own order again."""
    titles = ["", *(column.title for column in table.columns if column.title and not column.scale)]
    here = titles.index(reader.order) if reader.order in titles else 0
    return replace(reader, order=titles[(here + 1) % len(titles)], reverse=False)


def typed(reader: Reader, key: str, character: str | None) -> Reader:
    """One key of a search: a letter more, one less, kept with enter, given up with escape."""
    match key:
        case "enter":
            return replace(reader, typing=False)
        case "escape":
            return replace(reader, typing=False, find="", held=None)
        case "backspace":
            return replace(reader, find=reader.find[:-1], held=None)
        case _ if character is not None and character.isprintable() and len(reader.find) < LONGEST_FIND:
            return replace(reader, find=reader.find + character, held=None)
        case _:
            return reader


def moved(reader: Reader, rows: Sequence[object], step: int) -> Reader:
    """The selection further down, or up for a negative step."""
    return chosen(reader, rows, position(reader, rows) + step)


def chosen(reader: Reader, rows: Sequence[object], number: int) -> Reader:
    number = max(0, min(number, len(rows) - 1))
    return replace(reader, held=rows[number] if rows and number else None)


def position(reader: Reader, rows: Sequence[object]) -> int:
    """Which row is selected; the first where the selected one has gone."""
    return rows.index(reader.held) if reader.held is not None and reader.held in rows else 0


def scrolled(reader: Reader, rows: Sequence[object], visible: int) -> Reader:
    """Moved as little as possible so that the selected row is in sight."""
    selected = position(reader, rows)
    first = max(0, min(reader.first if reader.held is not None else 0, len(rows) - visible))
    if visible > 0:
        first = max(selected - visible + 1, min(first, selected))
    return replace(reader, first=first)


def columns_for(table: Table[Row], width: int) -> list[Column[Row]]:
    """The columns that fit, the important ones first, widened while there is room, a scale before all."""
    kept = list(table.columns)
    while len(kept) > 1 and _needed(kept) > width:
        least = min(kept, key=lambda column: column.keep)
        if 0 < least.least < least.width:
            kept[kept.index(least)] = replace(least, width=least.least)
        else:
            kept.remove(least)
    for number in sorted(range(len(kept)), key=lambda number: not kept[number].scale):
        column = kept[number]
        more = max(0, min(column.grow, width - _needed(kept)))
        more -= more % 2 if column.scale else 0
        if column.snap and more < column.grow:
            continue
        kept[number] = replace(column, width=column.width + more)
    return kept


def _needed(columns: Sequence[Column[Row]]) -> int:
    return sum(column.width + 1 for column in columns) - 1


def visible_rows(height: int, reader: Reader) -> int:
    """Rows below the heading, and above the line of the search."""
    return max(0, height - 1 - bool(reader.find or reader.typing))


def paint(
    table: Table[Row], width: int, height: int, reader: Reader = Reader(), *, select: bool = False
) -> Rows:
    """From the reader's first row on; the selected row stands out if ``select``."""
    canvas = Canvas(width, height)
    columns, rows = columns_for(table, width), arranged(table, reader)
    _headings(canvas, columns, reader)
    visible = visible_rows(height, reader)
    selected = position(reader, rows) if select else None
    for number, row in enumerate(rows[reader.first : reader.first + visible], start=reader.first):
        ground = Tone.SELECT if number == selected else Tone.GROUND
        y = 1 + number - reader.first
        canvas.band(y, Pen(bg=ground))
        x = 0
        for column in columns:
            canvas.paste(x, y, column.cells(row, table.facts, ground))
            x += column.width + 1
    if reader.find or reader.typing:
        _search(canvas, reader, len(rows))
    return canvas.rows


def _headings(canvas: Canvas, columns: Sequence[Column[Row]], reader: Reader) -> None:
    pen = Pen(Tone.DIM, Tone.BAND)
    canvas.band(0, pen)
    x = 0
    for column in columns:
        sorts = column.title == reader.order and bool(reader.order)
        text = column.heading()
        canvas.text(x, 0, text, Pen(Tone.HOT, Tone.BAND, bold=True) if sorts else pen, width=column.width)
        if sorts:
            arrow = "↓" if reader.reverse else "↑"
            at = x + column.width - len(column.title) - 1 if column.right else x + len(column.title)
            canvas.put(max(x - 1, min(at, x + column.width)), 0, arrow, Pen(Tone.HOT, Tone.BAND, bold=True))
        x += column.width + 1


def _search(canvas: Canvas, reader: Reader, found: int) -> None:
    y = canvas.height - 1
    x = canvas.text(0, y, "find ", DIM)
    x = canvas.text(x, y, reader.find, Pen(Tone.HOT), width=canvas.width // 2)
    if reader.typing:
        x = canvas.text(x, y, "_", Pen(Tone.CREST))
    said = f"{found} found · enter keeps · esc clears" if reader.typing else f"{found} found"
    canvas.text(x + 2, y, said, DIM)
