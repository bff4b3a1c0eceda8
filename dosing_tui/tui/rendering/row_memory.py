"""What was formatted and drawn of a table's rows, from one picture to the next."""

from collections.abc import Callable, Hashable, Sequence
from typing import Any, TypeVar

from dosing_tui.tui.rendering.canvas import Rows

Row = TypeVar("Row")
_MAX_ROWS = 1_000
"""Rows known of each column, and drawn rows, before all are forgotten."""


class RowMemory:
    """A row that is still in its table, or has only moved, is not formatted and drawn again.

    Rows are compared by identity. For one table and one thread.
    """

    def __init__(self) -> None:
        self._table: object = None
        self._texts: dict[Callable[[Any, Any], str], dict[int, tuple[object, str]]] = {}
        self._lists: dict[Callable[[Any, Any], str], tuple[object, list[str]]] = {}
        """The last rows of each column, and their texts."""
        self._drawn: dict[tuple[int, Hashable], tuple[object, Rows]] = {}

    def open_table(self, table: object) -> None:
        """Of another table than before nothing is known. ``table``: all that rows are drawn by."""
        if table != self._table:
            self._table = table
            self._texts.clear()
            self._lists.clear()
            self._drawn.clear()

    def list_texts(
        self, format_text: Callable[[Row, Any], str], rows: Sequence[Row], context: object
    ) -> Sequence[str]:
        last_rows, last_texts = self._lists.get(format_text, (None, []))
        if rows is last_rows:
            return last_texts
        known = self._texts.setdefault(format_text, {})
        if len(known) > _MAX_ROWS:
            known.clear()
        # the row is kept with its text: no other row has its id meanwhile
        known |= {id(row): (row, format_text(row, context)) for row in rows if id(row) not in known}
        texts = [known[id(row)][1] for row in rows]
        self._lists[format_text] = rows, texts
        return texts

    def draw_row(self, row: object, look: Hashable, draw: Callable[[], Rows]) -> Rows:
        """``look``: what the row is drawn by beside the table. The rows must not be changed."""
        key = id(row), look
        if (found := self._drawn.get(key)) is None:
            if len(self._drawn) > _MAX_ROWS:
                self._drawn.clear()
            found = self._drawn[key] = row, draw()
        return found[1]
