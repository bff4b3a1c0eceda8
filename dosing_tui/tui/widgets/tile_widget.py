"""One tile: a content in a frame, at any size; a reader in tables, a cursor in large charts."""

from dataclasses import replace
from datetime import datetime, tzinfo
from typing import Any

from textual import events
from textual.message import Message
from textual.strip import Strip

from dosing_tui.tui.charts.full_screen_chart import closeup, resting
from dosing_tui.tui.charts.series import Curves
from dosing_tui.tui.keys.bindings import CHART_KEYS, TABLE_KEYS
from dosing_tui.tui.keys.footer_hints import Mode
from dosing_tui.tui.layout.geometry import Frame, Place, TileId
from dosing_tui.tui.layout.layout import Direction
from dosing_tui.tui.rendering import data_table
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.rendering.data_table import Reader, Table
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.theme import Look
from dosing_tui.tui.tiles.shared.error_histogram import Spread, paint_spread
from dosing_tui.tui.tiles.shared.tile_content import AnyContent, framed
from dosing_tui.tui.widgets.visible_rows import Shown, shown

_CHARTS = frozenset({"cursor", "cursor_end"})
_TABLES = frozenset({"step", "page", "end", "order", "reverse", "find"})


class Tile(LineWidget, can_focus=True):
    """Shows the content it is given, and nothing again that it shows already."""

    BINDINGS = [*TABLE_KEYS, *CHART_KEYS]

    class Left(Message):
        """The operator went past the first row: the focus goes on in that direction."""

        def __init__(self, towards: Direction) -> None:
            super().__init__()
            self.towards = towards

    def __init__(self, name: TileId, look: Look) -> None:
        super().__init__(look, id=name.value)
        self.tile = name
        self.frame = Frame.FULL
        self.large = False
        """It has the whole screen."""
        self._content: AnyContent | None = None
        self._room = (0, 0)
        self._undrawn = False
        """The room is another than what was drawn is for."""
        self._reader = Reader()
        self._cursor: datetime | int | None = None
        """The time, or the number of the bin, that is read; None is the newest, or the middle."""

    # what it is given

    def show(self, content: AnyContent) -> None:
        if content != self._content or self._undrawn:
            self._content = content
            self.draw()

    def place(self, place: Place, frame: Frame, *, large: bool = False) -> None:
        """Be there; drawn with the next content, or when it is painted before: never twice for one frame."""
        self.styles.offset = (place.x, place.y)
        self.styles.width, self.styles.height = place.width, place.height
        if (place.width, place.height, frame, large) != (*self._room, self.frame, self.large):
            self._room, self.frame, self.large = (place.width, place.height), frame, large
            self._undrawn = True
            self.refresh()

    @property
    def mode(self) -> Mode:
        """What keys do here."""
        match self._content.data if self._content is not None else None:
            case Curves() | Spread():
                return Mode.CHART
            case Table():
                return Mode.TABLE
            case _:
                return Mode.TILE

    @property
    def chosen(self) -> object:
        """The row of a table that the operator has chosen; None where he has not."""
        rows = self._rows()
        return self._reader.held or (rows[0] if rows and self.has_focus else None)

    @property
    def cursor_time(self) -> datetime | None:
        """The beginning of the bucket under the cursor, once the cursor has been moved."""
        return self._cursor if self.large and isinstance(self._cursor, datetime) else None

    def shown(self, zone: tzinfo) -> Shown | None:
        """What is on the screen here, as rows; None before there is anything."""
        return None if self._content is None else shown(self._content, self._reader, zone)

    # what it draws

    def draw(self) -> None:
        """Draw what was last shown, for the present room, frame and focus."""
        self._undrawn = False
        if self._content is not None and self._drawable:
            self.put(self._drawn(self._content))

    def render_line(self, y: int) -> Strip:
        if self._undrawn:
            self._undrawn = False
            if self._content is not None and self._drawable:
                self.fill(self._drawn(self._content))
        return super().render_line(y)

    @property
    def _drawable(self) -> bool:
        width, height = self._room
        return width > 4 and height > 1

    def _drawn(self, content: AnyContent) -> Rows:
        width, height = self._room
        return framed(self._read(content), width, height, frame=self.frame, focused=self.has_focus)

    def _read(self, content: AnyContent) -> AnyContent:
        """The content as the operator reads it: with cursor or selected row."""
        match content.data:
            case Table() as table if table.rows:
                return self._read_table(content, table)
            case Curves() as curves if self.large:
                bucket = self._bucket(curves)
                return replace(content, paint=lambda data, w, h: closeup(data, w, h, cursor=bucket))
            case Spread() as spread if self.large:
                bin_ = self._bin(spread)
                return replace(content, paint=lambda data, w, h: paint_spread(data, w, h, cursor=bin_))
            case _:
                return content

    def _read_table(self, content: AnyContent, table: Table[Any]) -> AnyContent:
        rows = data_table.arranged(table, self._reader)
        visible = data_table.visible_rows(self._inner_height(), self._reader)
        self._reader = reader = data_table.scrolled(self._reader, rows, visible)
        last = min(len(rows), reader.first + visible)
        seen = f"{min(reader.first + 1, last)}–{last} of {len(rows)}"
        select = self.has_focus or reader.held is not None

        def paint(data: Table[Any], width: int, height: int) -> Rows:
            return data_table.paint(data, width, height, reader, select=select)

        return replace(content, paint=paint, unit=f"{content.unit} · {seen}" if content.unit else seen)

    def _inner_height(self) -> int:
        return self._room[1] - (2 if self.frame is Frame.FULL else 1)

    def _bucket(self, curves: Curves) -> int | None:
        if not isinstance(self._cursor, datetime):
            return None
        found = curves.window.index(self._cursor)
        return found if found is not None else 0 if self._cursor < curves.window.since else None

    def _bin(self, spread: Spread) -> int:
        middle = len(spread.bins) // 2
        return self._cursor if isinstance(self._cursor, int) and self._cursor < len(spread.bins) else middle

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Not ``on_focus``, which comes before the widget knows it."""
        super().watch_has_focus(_has_focus)
        self.draw()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys that mean nothing for what is shown are left to the screen."""
        data = self._content.data if self._content is not None else None
        if action in _CHARTS:
            return self.large and isinstance(data, Curves | Spread)
        if action in _TABLES:
            return isinstance(data, Table) and (self.large or action not in ("order", "reverse", "find"))
        return True

    def _rows(self) -> tuple[object, ...]:
        data = self._content.data if self._content is not None else None
        return data_table.arranged(data, self._reader) if isinstance(data, Table) else ()

    def action_step(self, rows: int) -> None:
        """Select a row further down, or up for a negative number."""
        found = self._rows()
        if rows == -1 and data_table.position(self._reader, found) == 0:
            self.post_message(self.Left(Direction.UP))
        elif found:
            self._read_on(data_table.moved(self._reader, found, rows))

    def action_page(self, pages: int) -> None:
        self.action_step(pages * max(2, self._room[1] - 4))

    def action_end(self, last: bool) -> None:
        found = self._rows()
        if found:
            self._read_on(data_table.chosen(self._reader, found, len(found) - 1 if last else 0))

    def action_order(self) -> None:
        if self._content is not None:
            self._read_on(replace(data_table.ordered(self._reader, self._content.data), held=None))

    def action_reverse(self) -> None:
        self._read_on(replace(self._reader, reverse=not self._reader.reverse, held=None))

    def action_find(self) -> None:
        self._read_on(replace(self._reader, typing=True))

    def on_key(self, event: events.Key) -> None:
        """While a search is typed, keys are letters; on_key because any letter may come."""
        if self._reader.typing:
            event.stop()
            event.prevent_default()
            self._read_on(data_table.typed(self._reader, event.key, event.character))

    def _read_on(self, reader: Reader) -> None:
        self._reader = reader
        self.draw()

    def action_cursor(self, step: int) -> None:
        data = self._content.data if self._content is not None else None
        if isinstance(data, Curves):
            here = self._bucket(data)
            self._put_cursor(data, (resting(data) if here is None else here) + step)
        elif isinstance(data, Spread):
            self._cursor = max(0, min(len(data.bins) - 1, self._bin(data) + step))
            self.draw()

    def action_cursor_end(self, last: bool) -> None:
        data = self._content.data if self._content is not None else None
        if isinstance(data, Curves):
            self._put_cursor(data, data.window.buckets - 1 if last else 0)
        elif isinstance(data, Spread):
            self._cursor = len(data.bins) - 1 if last else 0
            self.draw()

    def _put_cursor(self, data: Curves, bucket: int) -> None:
        bucket = max(0, min(bucket, data.window.buckets - 1))
        self._cursor = data.window.since + data.window.bucket * bucket
        self.draw()
