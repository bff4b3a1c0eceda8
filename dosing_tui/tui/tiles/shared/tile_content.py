"""The content of a tile and the frame around it."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Any, Generic, TypeVar

from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.domain.panels.filters import NO_FILTER, Selection
from dosing_tui.domain.panels.panel_catalog import Panel
from dosing_tui.domain.quantities.value_age import ValueKind, is_old
from dosing_tui.live_snapshot import LinkStatus
from dosing_tui.tui.layout.geometry import TileFrame
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import (
    Canvas,
    Rows,
    cut_middle,
    paint_nothing,
    render_paragraph,
    split_cells,
)
from dosing_tui.tui.rendering.palette import ALARM_ROLES, DIM, TEXT, CellStyle, ColourRole
from dosing_tui.tui.scope.render_context import RenderContext

Data = TypeVar("Data")
Row = TypeVar("Row")


class DataOrigin(Struct, frozen=True):
    """Panel, filters and range of the rows behind a tile, for exports; ``scope_text`` is for people."""

    panel: str = ""
    selection: Selection = NO_FILTER
    since: datetime | None = None
    """None for live readings."""
    until: datetime | None = None


class TileContent(Struct, Generic[Data], frozen=True):
    """Two equal contents look the same; ``paint`` draws ``data`` at any size."""

    title: str
    data: Data
    paint: Callable[[Data, int, int], Rows]
    unit: str = ""
    age: str = ""
    is_stale: bool = False
    """``data`` is out of date: drawn dim, with its time instead of its age."""
    empty_text: str = ""
    """Why the tile is empty; '' if it is not."""
    scope_text: str = ""
    """Range and filters in words."""
    error: str = ""
    """Why the latest query failed; '' if it did not."""
    origin: DataOrigin = field(default_factory=lambda: DataOrigin())
    describe: Callable[[Data, int, int], str] | None = None
    """What of the caption depends on the size that ``paint`` is given: the width of the bins."""


LOADING_TEXT = "loading …"
"""In place of an age, while the rows are of an earlier range."""
_SECONDS = re.compile(r"(\d\d:\d\d):\d\d")
_TIME_PREFIX = "of "
"""Before the time of data that are out of date."""
_OLD_MARK = "×"
"""In its place where there is no room."""

AnyTileContent = TileContent[Any]
"""A content of any data type; each has the painter that fits."""


def build_failed_content(title: str) -> TileContent[None]:
    """A sentence in place of a tile whose data or drawing has failed."""
    return TileContent(title, None, paint_nothing, empty_text="Panel error\nSee the log file")


def build_panel_content(
    context: RenderContext, panel: Panel[Any], data: Data, paint: Callable[[Data, int, int], Rows],
    unit: str = "", *, is_empty: bool, empty_text: str = "no dose", title: str = "",
    other_panels: tuple[Panel[Any], ...] = (), describe: Callable[[Data, int, int], str] | None = None,
) -> TileContent[Data]:  # fmt: skip
    """A tile of the rows of ``panel``, with their age, or why it is empty. ``title`` replaces the panel's."""
    age, stale = format_panel_age(context, panel, *other_panels)
    empty = context.explain_empty(panel, empty_text) if is_empty else ""
    return TileContent(
        title or context.format_title(panel), data, paint, unit, age, stale, empty, describe=describe
    )


def format_panel_age(context: RenderContext, *panels: Panel[Any]) -> tuple[str, bool]:
    """Age of the oldest of these panels' results, and whether it is out of date."""
    times = [at for panel in panels if (at := context.get_result(panel).loaded_at) is not None]
    if not times or any(context.is_rejected(panel) for panel in panels):
        return "", False
    stale = any(context.is_stale(panel) for panel in panels)
    if stale and any(context.has_other_scope(panel) for panel in panels):
        return LOADING_TEXT, True
    return _format_age(context, min(times), stale), stale


def build_live_content(
    context: RenderContext, title: str, data: Data, paint: Callable[[Data, int, int], Rows],
    unit: str = "", *, newest: datetime | None, kind: ValueKind, empty_text: str,
) -> TileContent[Data]:  # fmt: skip
    """A tile of live readings. ``newest`` is when the newest was received; None without a reading.

    Readings that are old for their ``kind`` are dim, with their age.
    """
    if newest is None:
        return TileContent(title, data, paint, unit, empty_text=context.explain_no_messages(empty_text))
    is_down = context.snapshot.broker.status is LinkStatus.DOWN
    is_stale = is_down or is_old(kind, newest, context.now)
    return TileContent(title, data, paint, unit, _format_age(context, newest, is_down), is_stale)


def _format_age(context: RenderContext, at: datetime, is_stale: bool) -> str:
    if is_stale:
        return f"{_TIME_PREFIX}{number_format.format_timestamp(at, context.zone, now=context.now)}"
    return number_format.format_age((context.now - at).total_seconds())


class BoundPainter(Struct, frozen=True):
    """A painter with options of its own. Equal ones paint the same: two ``partial`` are never equal."""

    paint: Callable[..., Rows]
    options: Mapping[str, object]

    def __call__(self, data: object, width: int, height: int) -> Rows:
        return self.paint(data, width, height, **self.options)


class BodyPainter:
    """Paints what is in the frame, again only when it has changed: ages in the frame change each second."""

    def __init__(self) -> None:
        self._painted: tuple[object, ...] = ()
        self._rows: Rows = []

    def render_body(self, content: AnyTileContent, width: int, height: int) -> Rows:
        """The rows must not be changed."""
        wanted = (width, height, content.empty_text, content.is_stale, content.paint, content.data)
        if wanted != self._painted:
            self._rows, self._painted = _render_body(content, width, height), wanted
        return self._rows


def render_tile(
    content: AnyTileContent, width: int, height: int, *, frame: TileFrame, is_focused: bool,
    painter: BodyPainter | None = None,
) -> Rows:  # fmt: skip
    """The whole tile: frame, title, age and unit around what the content paints."""
    render_body = painter.render_body if painter else _render_body
    canvas = Canvas(width, height)
    line = CellStyle(ColourRole.FOCUS if is_focused else ColourRole.FRAME)
    inner = (width - 4, height - 2) if frame is TileFrame.FULL else (width - 2, height - 1)
    content = _describe_size(content, *inner)
    if frame is TileFrame.FULL:
        canvas.rows = [row.copy() for row in _draw_box(width, height, line)]
        canvas.paste_rows(2, 1, render_body(content, *inner))
        _draw_caption(canvas, height - 1, content)
    else:
        canvas.write_text(0, 0, "─" * width, line)
        canvas.paste_rows(1, 1, render_body(content, *inner))
    _draw_heading(canvas, content, is_focused, frame)
    return canvas.rows


def _describe_size(content: AnyTileContent, width: int, height: int) -> AnyTileContent:
    """The unit with what depends on the size."""
    if content.describe is None or content.empty_text:
        return content
    described = content.describe(content.data, width, height)
    return replace(content, unit=" · ".join(part for part in (content.unit, described) if part))


def _render_body(content: AnyTileContent, width: int, height: int) -> Rows:
    if width < 1 or height < 1:
        return []
    if content.empty_text:
        return render_paragraph(content.empty_text, width, height)
    rows = content.paint(content.data, width, height)
    return dim_rows(rows) if content.is_stale else rows


_DIMMED_TEXTS = frozenset({ColourRole.STRONG, ColourRole.TEXT})
_DIMMED_SHAPES = frozenset(
    {
        ColourRole.BAR,
        ColourRole.SPARKLINE,
        ColourRole.ACCENT,
        ColourRole.DEVIATION,
        *ALARM_ROLES,
    }
)


def dim_rows(rows: Rows) -> Rows:
    """The same shapes in dim colours."""

    def dim(role: ColourRole, shape: ColourRole) -> ColourRole:
        return ColourRole.DIM if role in _DIMMED_TEXTS else shape if role in _DIMMED_SHAPES else role

    return [
        [
            (
                cell,
                CellStyle(
                    dim(style.fg, ColourRole.DIM if cell.isascii() else ColourRole.STALE),
                    dim(style.bg, ColourRole.STALE),
                ),
            )
            for cell, style in row
        ]
        for row in rows
    ]


@lru_cache(maxsize=64)
def _draw_box(width: int, height: int, style: CellStyle) -> Rows:
    """The rows must not be changed."""
    canvas, across = Canvas(width, height), "─" * (width - 2)
    canvas.write_text(0, 0, f"╭{across}╮", style)
    canvas.write_text(0, height - 1, f"╰{across}╯", style)
    for y in range(1, height - 1):
        canvas.set_cell(0, y, "│", style)
        canvas.set_cell(width - 1, y, "│", style)
    return canvas.rows


def _draw_heading(canvas: Canvas, content: AnyTileContent, is_focused: bool, frame: TileFrame) -> None:
    left, right = (2, canvas.width - 2) if frame is TileFrame.FULL else (0, canvas.width - 1)
    title, age = f" {content.title} ", _fit_age(content, right - left)
    room = right - left - len(age) - 1
    end = canvas.write_text(left, 0, title, CellStyle(ColourRole.STRONG) if is_focused else TEXT, width=room)
    if frame is TileFrame.TITLE_ONLY:
        _draw_inline_caption(canvas, end - 1, content, left + room - end)
    if age:
        canvas.write_right(right, 0, age, CellStyle(ColourRole.DEVIATION) if content.is_stale else DIM)


def _draw_inline_caption(canvas: Canvas, x: int, content: AnyTileContent, room: int) -> None:
    """The caption, if there is room beside the title."""
    if content.error:
        canvas.write_text(x, 0, f" ▲ {content.error} ", CellStyle(ColourRole.DEVIATION), width=max(0, room))
        return
    caption = _fit_caption(content, room - 1)
    if caption and len(split_cells(caption)) < room:
        canvas.write_text(x, 0, f" {caption} ", DIM)


def _fit_age(content: AnyTileContent, width: int) -> str:
    """The title has precedence over a time's seconds and prefix; then a shape marks it as old."""
    if not content.age:
        return ""
    is_time = content.age.startswith(_TIME_PREFIX)
    time = content.age.removeprefix(_TIME_PREFIX)
    minutes = _SECONDS.sub(r"\1", time)
    short = "…" if content.age == LOADING_TEXT else f"{_OLD_MARK}{minutes}" if is_time else time
    texts = (content.age, f"{_TIME_PREFIX}{minutes}") if is_time else (content.age,)
    fitting = (text for text in texts if len(content.title) + len(text) + 5 <= width)
    return f" {next(fitting, short)} "


def _draw_caption(canvas: Canvas, y: int, content: AnyTileContent) -> None:
    """The error; without one range and filters, which have precedence over the unit and keep their end."""
    room = canvas.width - 6
    if content.error:
        canvas.write_text(2, y, f" ▲ {content.error} ", CellStyle(ColourRole.DEVIATION), width=room + 2)
        return
    caption = _fit_caption(content, room)
    if caption:
        shown = cut_middle(caption, room, head=room // 2)
        canvas.write_right(canvas.width - 2, y, f" {shown} ", DIM)


def _fit_caption(content: AnyTileContent, room: int) -> str:
    """Unit and scope; if both are too long, parts of the unit are left out, then a range's seconds."""
    parts = [part for part in (*content.unit.split(" · "), content.scope_text) if part]
    while len(parts) > 1 and len(split_cells(" · ".join(parts))) > room:
        del parts[0]
    caption = " · ".join(parts)
    return caption if len(split_cells(caption)) <= room else _SECONDS.sub(r"\1", caption)
