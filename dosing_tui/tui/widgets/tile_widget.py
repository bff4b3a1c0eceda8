"""One tile: its content in a frame at any size, with a cursor in tables and large charts."""

import logging
import sys
from collections.abc import Callable, Sequence
from datetime import datetime, tzinfo
from functools import partial
from typing import Any

from msgspec.structs import replace
from textual.message import Message

from dosing_tui.domain.quantities.quantity_text import format_count
from dosing_tui.tui.charts.full_screen_chart import (
    describe_full_screen,
    draw_full_screen_chart,
    find_newest_bucket,
    fit_full_screen,
)
from dosing_tui.tui.charts.series import AxisMode, ChartData
from dosing_tui.tui.keys.bindings import CHART_KEYS, TABLE_KEYS
from dosing_tui.tui.keys.footer_hints import FooterMode
from dosing_tui.tui.layout.geometry import TileFrame, TileId, TileRect
from dosing_tui.tui.layout.layout import Direction
from dosing_tui.tui.rendering import data_table
from dosing_tui.tui.rendering.canvas import Rows
from dosing_tui.tui.rendering.data_table import TableCursor, TableData
from dosing_tui.tui.rendering.line_widget import LineWidget
from dosing_tui.tui.rendering.row_memory import RowMemory
from dosing_tui.tui.rendering.theme import TerminalTheme
from dosing_tui.tui.tiles.accuracy import ErrorHistogram, paint_error_histogram
from dosing_tui.tui.tiles.shared.tile_content import (
    AnyTileContent,
    BodyPainter,
    BoundPainter,
    build_failed_content,
    render_tile,
)
from dosing_tui.tui.tiles.system_status import SystemStatus, count_hidden_lines, paint_system_status
from dosing_tui.tui.tiles.tanks.tank_gauges import TankGauges, count_visible_tanks, paint_inventory
from dosing_tui.tui.widgets.visible_rows import VisibleRows, list_visible_rows

log = logging.getLogger(__name__)
_CHART_ACTIONS = frozenset({"cursor", "cursor_end"})
_SCROLL_ACTIONS = frozenset({"step", "page", "end"})
_AXIS_MODES = (AxisMode.AUTO, AxisMode.FITTED, AxisMode.TRIMMED, AxisMode.ZERO)
"""In the order of the key."""
_TABLE_ACTIONS = frozenset({"step", "page", "end", "order", "reverse", "find"})


class Tile(LineWidget, can_focus=True):
    """Draws only when content, place or cursor has changed."""

    BINDINGS = [*TABLE_KEYS, *CHART_KEYS]

    class FocusExit(Message):
        """The cursor left the first row: the focus moves on in ``direction``."""

        def __init__(self, direction: Direction) -> None:
            super().__init__()
            self.direction = direction

    def __init__(self, name: str, theme: TerminalTheme) -> None:
        super().__init__(theme, id=str(name))
        self.tile_id = name
        self.frame = TileFrame.FULL
        self.is_large = False
        """It is the only visible tile."""
        self._content: AnyTileContent | None = None
        self._tile_size = (0, 0)
        self._painter, self._row_memory = BodyPainter(), RowMemory()
        self._has_failed = False
        """The last content could not be drawn."""
        self._needs_draw = False
        """The size has changed since the last drawing."""
        self._table_cursor = TableCursor()
        self._first_row = 0
        """The first gauge or line in sight, where there are more than the tile has room for."""
        self._chart_cursor: datetime | int | None = None
        """Time of a bucket, or number of a bin; None: the newest bucket, or the middle bin."""
        self._axis_mode = AxisMode.AUTO
        """Of a chart at full screen."""

    # content

    @property
    def title(self) -> str:
        """As it is drawn; the tile's id before the first content."""
        return self._content.title if self._content else str(self.tile_id).replace("_", " ").capitalize()

    def show_content(self, content: AnyTileContent) -> None:
        if self._needs_draw or (content is not self._content and content != self._content):
            self._content = content
            self.draw_tile()

    def set_place(self, place: TileRect, frame: TileFrame, *, is_large: bool = False) -> None:
        """Move and resize; drawn with the next content or the next paint, never twice for one frame."""
        self.styles.offset = (place.x, place.y)
        self.styles.width, self.styles.height = place.width, place.height
        if (place.width, place.height, frame, is_large) != (*self._tile_size, self.frame, self.is_large):
            self._tile_size, self.frame, self.is_large = (place.width, place.height), frame, is_large
            self._needs_draw = True
            self.refresh()

    @property
    def _data(self) -> object:
        return self._content.data if self._content is not None else None

    @property
    def mode(self) -> FooterMode:
        """The keys of the content."""
        match self._data:
            case ChartData() | ErrorHistogram():
                return FooterMode.CHART
            case TableData():
                return FooterMode.DOSES if self.tile_id == TileId.DOSES else FooterMode.TABLE
            case _:
                return FooterMode.TILE

    @property
    def selected_row(self) -> object:
        """The selected row of a table; None without a selection."""
        rows = self._list_rows()
        if not rows or (self._table_cursor.selected_row is None and not self.has_focus):
            return None
        number = data_table.find_selection(self._table_cursor, rows)
        return None if number is None else rows[number]

    @property
    def _shown_cursor(self) -> TableCursor:
        """Sort and search are of the large table: a small one stays in its own order, e.g. newest first."""
        if self.is_large:
            return self._table_cursor
        return replace(
            self._table_cursor, sort_column="", is_reversed=False, search_text="", is_searching=False
        )

    @property
    def has_lost_selection(self) -> bool:
        """The selected row is no longer in the table."""
        return data_table.find_selection(self._table_cursor, self._list_rows()) is None

    @property
    def table_rows(self) -> Sequence[object]:
        """Of a table, in its own order."""
        return self._data.rows if isinstance(self._data, TableData) else ()

    @property
    def has_moved_cursor(self) -> bool:
        """The cursor of the table was moved: it stays on its row, not on the newest."""
        return self._table_cursor.selected_row is not None

    @property
    def cursor_time(self) -> datetime | None:
        """Start of the bucket under the cursor; None until the cursor was moved."""
        return self._chart_cursor if self.is_large and isinstance(self._chart_cursor, datetime) else None

    def get_visible_rows(self, zone: tzinfo) -> VisibleRows | None:
        """The content as rows; None before the first content."""
        return None if self._content is None else list_visible_rows(self._content, self._shown_cursor, zone)

    # drawing

    def draw_tile(self) -> None:
        """Draw the last content for the present size, frame and focus."""
        self._pass_rows(self.show_rows)

    def prepare_rows(self) -> None:
        if self._needs_draw:
            self._pass_rows(self.replace_rows)

    def _pass_rows(self, show: Callable[[Rows], None]) -> None:
        """Nothing before the first content, nor in a place too small for a frame."""
        self._needs_draw = False
        width, height = self._tile_size
        if self._content is not None and width > 4 and height > 1:
            show(self._draw_content(self._content, width, height))

    def _draw_content(self, content: AnyTileContent, width: int, height: int) -> Rows:
        """Raises nothing: a tile that cannot be drawn shows a sentence. Logged once, until it works again."""
        draw = partial(
            render_tile, width=width, height=height, frame=self.frame, is_focused=self.has_focus,
            painter=self._painter,
        )  # fmt: skip
        try:
            rows = draw(self._apply_cursor(content))
        except Exception:
            # boundary of one tile: the others are drawn
            if not self._has_failed:
                log.exception("tile %s cannot be drawn", self.tile_id)
            self._has_failed = True
            return draw(build_failed_content(content.title))
        self._has_failed = False
        return rows

    def _apply_cursor(self, content: AnyTileContent) -> AnyTileContent:
        """The content with its cursor or selected row."""
        match content.data:
            case TableData() as table if table.rows:
                return self._apply_table_cursor(content, table)
            case ChartData() if self.is_large:
                drawn = self._get_drawn_chart()
                return replace(
                    content,
                    data=drawn,
                    paint=BoundPainter(draw_full_screen_chart, {"cursor": self._find_bucket(drawn)}),
                    describe=describe_full_screen,
                )
            case ErrorHistogram() as spread if self.is_large:
                cursor = {"cursor": self._find_bin(spread)}
                return replace(content, paint=BoundPainter(paint_error_histogram, cursor))
            case TankGauges() | SystemStatus() as data:
                self._first_row = max(0, min(self._first_row, self._count_hidden_rows()))
                paint = paint_inventory if isinstance(data, TankGauges) else paint_system_status
                return replace(content, paint=BoundPainter(paint, {"first": self._first_row}))
            case _:
                return content

    @property
    def _inner_size(self) -> tuple[int, int]:
        """Columns and rows within the frame."""
        width, height = self._tile_size
        return (width - 4, height - 2) if self.frame is TileFrame.FULL else (width - 2, height - 1)

    def _count_hidden_rows(self) -> int:
        """Gauges or lines that the tile has no room for."""
        width, height = self._inner_size
        match self._data:
            case TankGauges(tanks=tanks):
                return len(tanks) - count_visible_tanks(len(tanks), height)
            case SystemStatus() as status:
                return count_hidden_lines(status, width, height)
            case _:
                return 0

    def _apply_table_cursor(self, content: AnyTileContent, table: TableData[Any]) -> AnyTileContent:
        rows = data_table.arrange_rows(table, self._shown_cursor)
        visible = data_table.count_visible_rows(self._inner_size[1], self._shown_cursor)
        reader = data_table.scroll_to_cursor(self._shown_cursor, rows, visible)
        self._table_cursor = replace(self._table_cursor, first_row=reader.first_row)
        last = min(len(rows), reader.first_row + visible)
        first, end, count = map(format_count, (min(reader.first_row + 1, last), last, len(rows)))
        seen = f"{first}–{end} of {'the newest ' if table.is_cut else ''}{count}"
        select = self.has_focus or reader.selected_row is not None
        options = {"cursor": reader, "highlight_row": select, "memory": self._row_memory}
        paint = BoundPainter(data_table.paint_table, options)
        return replace(content, paint=paint, unit=f"{content.unit} · {seen}" if content.unit else seen)

    def _get_drawn_chart(self) -> ChartData:
        """The chart as it is drawn at full screen: with its axis, in bins that fit the width."""
        assert isinstance(self._data, ChartData)
        width, height = self._tile_size
        return fit_full_screen(replace(self._data, axis_mode=self._axis_mode), width - 4, height - 2)

    def _find_bucket(self, curves: ChartData) -> int | None:
        if not isinstance(self._chart_cursor, datetime):
            return None
        found = curves.window.find_bucket(self._chart_cursor)
        return found if found is not None else 0 if self._chart_cursor < curves.window.since else None

    def _find_bin(self, spread: ErrorHistogram) -> int:
        middle = len(spread.bins) // 2
        return (
            self._chart_cursor
            if isinstance(self._chart_cursor, int) and self._chart_cursor < len(spread.bins)
            else middle
        )

    def watch_has_focus(self, _has_focus: bool) -> None:
        """Not ``on_focus``, which comes before ``has_focus`` is set."""
        super().watch_has_focus(_has_focus)
        self.draw_tile()

    # keys

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Keys without a meaning for the content are left to the screen."""
        data = self._data
        if action == "axis":
            return self.is_large and isinstance(data, ChartData)
        if action in _CHART_ACTIONS:
            return self.is_large and isinstance(data, ChartData | ErrorHistogram)
        if action in _SCROLL_ACTIONS and isinstance(data, TankGauges | SystemStatus):
            return self._count_hidden_rows() > 0
        if action in _TABLE_ACTIONS:
            return isinstance(data, TableData) and (
                self.is_large or action not in ("order", "reverse", "find")
            )
        return True

    def _list_rows(self) -> tuple[object, ...]:
        data = self._data
        return data_table.arrange_rows(data, self._shown_cursor) if isinstance(data, TableData) else ()

    def action_step(self, rows: int) -> None:
        """Select a row further down, or up for a negative number."""
        if isinstance(self._data, TankGauges | SystemStatus):
            self._scroll_rows(rows)
            return
        found, cursor = self._list_rows(), self._table_cursor
        if rows == -1 and data_table.find_selection(cursor, found) == 0:
            self.post_message(self.FocusExit(Direction.UP))
        elif found:
            self._set_table_cursor(
                data_table.move_cursor(cursor, found, rows, follows_newest=self._follows_newest)
            )

    def _scroll_rows(self, rows: int) -> None:
        if rows == -1 and self._first_row == 0:
            self.post_message(self.FocusExit(Direction.UP))
        else:
            self._first_row += rows
            self.draw_tile()

    def select_row_at(self, y: int) -> None:
        """Select the table's row that is drawn in this row of the tile."""
        first_row_y = 2
        found, number = self._list_rows(), y - first_row_y + self._table_cursor.first_row
        if y >= first_row_y and number < len(found):
            self._set_table_cursor(self._select_row(found, number))

    @property
    def _follows_newest(self) -> bool:
        """In another order the first row is not the newest."""
        cursor, data = self._shown_cursor, self._data
        is_own_order = not (cursor.sort_column or cursor.is_reversed or cursor.search_text)
        return is_own_order and isinstance(data, TableData) and data.follows_newest

    def _select_row(self, rows: Sequence[object], number: int) -> TableCursor:
        return data_table.select_row(self._table_cursor, rows, number, follows_newest=self._follows_newest)

    def action_page(self, pages: int) -> None:
        self.action_step(pages * max(2, self._tile_size[1] - 4))

    def action_end(self, last: bool) -> None:
        if isinstance(self._data, TankGauges | SystemStatus):
            self._scroll_rows(sys.maxsize if last else -sys.maxsize)
            return
        if found := self._list_rows():
            number = len(found) - 1 if last else 0
            self._set_table_cursor(self._select_row(found, number))

    def action_order(self) -> None:
        if isinstance(table := self._data, TableData):
            by_next_column = data_table.sort_by_next_column(self._table_cursor, table)
            self._set_table_cursor(replace(by_next_column, selected_row=None))

    def action_reverse(self) -> None:
        self._set_table_cursor(
            replace(self._table_cursor, is_reversed=not self._table_cursor.is_reversed, selected_row=None)
        )

    def action_find(self) -> None:
        self._set_table_cursor(replace(self._table_cursor, is_searching=True))

    def take_key(self, key: str, text: str | None) -> bool:
        """While a search is typed, keys are letters; no binding can name every letter."""
        if not self._shown_cursor.is_searching:
            return False
        self._set_table_cursor(data_table.edit_search(self._table_cursor, key, text))
        return True

    def _set_table_cursor(self, cursor: TableCursor) -> None:
        self._table_cursor = cursor
        self.draw_tile()

    def action_cursor(self, step: int) -> None:
        """Move to another bucket or bin."""
        data = self._data
        if isinstance(data, ChartData):
            drawn = self._get_drawn_chart()
            bucket = self._find_bucket(drawn)
            self._set_chart_cursor((find_newest_bucket(drawn) if bucket is None else bucket) + step)
        elif isinstance(data, ErrorHistogram):
            self._set_chart_cursor(self._find_bin(data) + step)

    def action_cursor_end(self, last: bool) -> None:
        """Move to the first or last bucket or bin."""
        self._set_chart_cursor(sys.maxsize if last else 0)

    def action_axis(self) -> None:
        """The next way to choose the scale of values: fitted, without outliers, from 0."""
        self._axis_mode = _AXIS_MODES[(_AXIS_MODES.index(self._axis_mode) + 1) % len(_AXIS_MODES)]
        self.draw_tile()

    def _set_chart_cursor(self, number: int) -> None:
        """Bucket or bin, limited to those there are."""
        match self._data:
            case ChartData():
                window = self._get_drawn_chart().window
                bucket = max(0, min(number, window.bucket_count - 1))
                self._chart_cursor = window.since + window.bucket_width * bucket
            case ErrorHistogram(bins=bins):
                self._chart_cursor = max(0, min(number, len(bins) - 1))
        self.draw_tile()
