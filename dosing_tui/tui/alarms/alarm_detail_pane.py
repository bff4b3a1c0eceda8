"""The alarm under the cursor beside the list: what it is, since when, why, and what to do. Pure."""

from collections.abc import Sequence

from dosing_tui.tui.alarms.alarm_fields import BAR_WIDTH, draw_value, list_rule_fields, list_state_fields
from dosing_tui.tui.alarms.alarm_list import AlarmListContext
from dosing_tui.tui.alarms.alarm_rows import AlarmRow, format_message, format_short_tag, format_station
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text, wrap_text
from dosing_tui.tui.rendering.palette import DIM, FRAME, LABEL, STRONG, TEXT, CellStyle
from dosing_tui.tui.rendering.priority_style import choose_mark_style, format_mark
from dosing_tui.tui.widgets.canvas_dialog import KEY_STYLE

MIN_WIDTH_FOR_PANE = 120
"""Below it the list has the whole window, and Enter opens the alarm."""
_MIN_PANE_WIDTH, _MAX_PANE_WIDTH = 40, 64
_LABEL_WIDTH = 13
_NUMBER_WIDTH = 30
"""Cells beside a value's bar: the value and its limit."""
_MAX_LISTED = 12
"""Stations of a group."""
_MORE_TEXTS = {False: "The whole alarm", True: "The group"}


def choose_pane_width(width: int) -> int:
    """Cells of the pane in a window of ``width``; 0 where there is no room for it."""
    return 0 if width < MIN_WIDTH_FOR_PANE else max(_MIN_PANE_WIDTH, min(width // 3, _MAX_PANE_WIDTH))


def render_detail_pane(row: AlarmRow, context: AlarmListContext, width: int, height: int) -> Rows:
    """A line on the left separates it from the list."""
    canvas = Canvas(width, height)
    for y in range(height):
        canvas.set_cell(0, y, "│", FRAME)
    y = _draw_heading(canvas, row, context)
    fields = _list_group_fields(row, context) if row.is_group else _list_fields(row, context)
    if not row.is_group and row.first.value is not None and row.first.limit is not None:
        draw_value(canvas, 2, y, row.first, min(BAR_WIDTH, width - _NUMBER_WIDTH))
        y += 2
    for label, text in fields:
        y = _draw_field(canvas, y, label, text)
    if y > height:
        canvas.write_text(1, height - 1, " " * (width - 1))
        x = canvas.write_text(2, height - 1, "enter", KEY_STYLE)
        canvas.write_text(x + 1, height - 1, _MORE_TEXTS[row.is_group], DIM)
    return canvas.rows


def _draw_heading(canvas: Canvas, row: AlarmRow, context: AlarmListContext) -> int:
    """Priority, station, tag and message; returns the row below."""
    view, room = row.first, canvas.width - 3
    mark = format_mark(view.state.priority, is_unacknowledged=row.is_unacknowledged)
    x = canvas.write_text(2, 0, f" {mark} ", choose_mark_style(view.state)) + 1
    station = "" if row.is_group else format_station(view.state.key, context.short_names)
    canvas.write_text(x, 0, station, STRONG, width=canvas.width - x - 1)
    title = sanitize_text(view.state.key.rule) if row.is_group else format_short_tag(view.state.key)
    y = _draw_lines(canvas, 2, wrap_text(title, room), STRONG)
    if row.is_group:
        count = number_format.count_noun(len(row.views), "alarm")
        text = f"{count}: {view.rule.title if view.rule else title}"
    else:
        text = format_message(view)
    return _draw_lines(canvas, y, wrap_text(text, room), LABEL) + 1


def _list_fields(row: AlarmRow, context: AlarmListContext) -> Sequence[tuple[str, str]]:
    view = row.first
    return [*list_state_fields(view, context.now, context.zone), *list_rule_fields(view)]


def _list_group_fields(row: AlarmRow, context: AlarmListContext) -> Sequence[tuple[str, str]]:
    keys = {view.state.key.device: view.state.key for view in row.views}.values()
    stations = [format_station(key, context.short_names) for key in keys]
    rest = len(stations) - _MAX_LISTED
    names = ", ".join(stations[:_MAX_LISTED]) + (f" {number_format.format_rest(rest)}" if rest > 0 else "")
    return [
        ("Stations", names),
        *list_rule_fields(row.first),
        ("Keys", "Enter opens the group. Acknowledging it asks first, with the number."),
    ]


def _draw_field(canvas: Canvas, y: int, label: str, text: str) -> int:
    """Returns the row below, also where the pane has ended."""
    if not text:
        return y
    canvas.write_text(2, y, label, DIM)
    lines = wrap_text(text, canvas.width - _LABEL_WIDTH - 3)
    for line in lines:
        canvas.write_text(2 + _LABEL_WIDTH, y, line, TEXT)
        y += 1
    return y


def _draw_lines(canvas: Canvas, y: int, lines: Sequence[str], style: CellStyle) -> int:
    for line in lines:
        canvas.write_text(2, y, line, style)
        y += 1
    return y
