"""How the alarm lists are drawn: a caption with the counts, and a row per alarm or group. Pure."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.domain.alarms.catalog import format_alarm_value
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.domain.labels.name_labels import fit_labels
from dosing_tui.domain.labels.station_labels import fit_station_names, name_stations
from dosing_tui.domain.messages.text_sanitizer import clean_line, count_cells
from dosing_tui.tui.alarms.alarm_list import (
    EMPTY_TEXTS,
    AlarmListContext,
    AlarmListState,
    AlarmTab,
    format_operator,
    format_remaining_time,
    get_selected_row,
)
from dosing_tui.tui.alarms.alarm_rows import (
    WHOLE_PLANT,
    AlarmListOptions,
    AlarmRow,
    AlarmRows,
    format_message,
    format_short_tag,
)
from dosing_tui.tui.layout.bar_parts import DIM_STYLE, STRONG_STYLE
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import (
    Canvas,
    Rows,
    sanitize_text,
    split_cells,
    wrap_text,
    wrap_to_height,
)
from dosing_tui.tui.rendering.data_table import (
    StyledRuns,
    TableColumn,
    TableCursor,
    TableData,
    fit_columns,
    paint_table,
)
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT, CellStyle, ColourRole
from dosing_tui.tui.rendering.priority_style import (
    MARK_WIDTH,
    PRIORITY_MARKS,
    SHORT_STATE_LABELS,
    STATE_LABELS,
    choose_mark_style,
    format_mark,
)

WIDE_LIST = 100
"""From this width on states and names are written in full."""
MESSAGE_TITLE = "Alarm"
MESSAGE_INDENT = MARK_WIDTH + 3
"""Cells before a message below its row: it begins where the station does."""
_OTHER_CELLS, _WIDE_OTHER_CELLS = 29, 33
"""Of priority, state and age, which stand beside station and tag in a narrow and in a wide list."""
_FIRST_OUT = "first · "
_LEAST_MESSAGE = 26
"""Cells that the names in a wide list leave to the message."""
_STATION_BESIDE_TEXT, _NARROW_STATION, _NARROW_TAG = 10, 16, 22
"""Most cells of a station's and a tag's label in a narrow list."""


class AlarmList(Struct, frozen=True):
    """What is drawn of one tab."""

    state: AlarmListState
    rows: AlarmRows
    options: AlarmListOptions
    filter_key: str = "/"
    sort_key: str = "O"


def format_counts(snapshot: AlarmSnapshot) -> str:
    """The size of the alarm problem, whatever the filter shows."""
    latched = sum(view.state.latched and not view.state.active for view in snapshot.annunciated_alarms)
    returned = len(snapshot.annunciated_alarms) - snapshot.active_count - latched
    count = number_format.format_count
    parts = [f"{count(snapshot.active_count)} active"]
    parts += [f"{count(latched)} latched"] if latched else []
    parts += [f"{count(returned)} returned"] if returned else []
    parts += [
        f"{count(snapshot.unacknowledged_count)} unacknowledged",
        f"{count(len(snapshot.shelved))} shelved",
    ]
    return " · ".join(parts)


def render_caption(alarms: AlarmList, snapshot: AlarmSnapshot, width: int) -> Rows:
    """The counts, the sort and the filter; in two rows where one has no room for all."""
    counts, view = format_counts(snapshot), _format_view(alarms)
    is_one_row = len(counts) + len(split_cells(view)) + 4 <= width
    canvas = Canvas(width, 1 if is_one_row else 2, DIM_STYLE)
    canvas.write_text(1, 0, counts, STRONG_STYLE)
    style = _FILTER_STYLE if alarms.options.is_filtered or alarms.state.open_rule else DIM_STYLE
    if is_one_row:
        canvas.write_right(width - 1, 0, view, style)
    else:
        canvas.write_text(1, 1, view, style, width=width - 2)
    return canvas.rows


def _format_view(alarms: AlarmList) -> str:
    """The order of the list and what it leaves out; the filter's own text, which may be long, at the end."""
    options, rows, count = alarms.options, alarms.rows, number_format.format_count
    parts = [f"{alarms.sort_key} by {options.sort}"]
    if alarms.state.open_rule:
        parts.insert(0, f"Only {alarms.state.open_rule}: {count(rows.shown_count)}, Esc all")
    if not options.is_filtered:
        return " · ".join([*parts, f"{alarms.filter_key} filter"])
    unacknowledged = (
        f" ({count(rows.hidden_unacknowledged)} unacknowledged)" if rows.hidden_unacknowledged else ""
    )
    hidden = f"{alarms.filter_key} filter hides {count(rows.hidden_count)}{unacknowledged}"
    return " · ".join([*parts, f"{hidden}: {options.filter_text}"])


def render_alarm_list(alarms: AlarmList, context: AlarmListContext, width: int, height: int) -> Rows:
    """The headings, and the rows from ``state.first_row`` on."""
    if not alarms.rows.rows:
        canvas = Canvas(width, height)
        hidden = alarms.rows.hidden_count
        text = f"No alarms for this filter; {hidden} hidden." if hidden else EMPTY_TEXTS[alarms.state.tab]
        canvas.write_text(2, 1, text, DIM)
        return canvas.rows
    lines = choose_row_height(alarms, context, width, height)
    columns = _build_columns(alarms, context, width, has_message=lines == 1)
    cursor = TableCursor(
        selected_row=get_selected_row(alarms.state, alarms.rows), first_row=alarms.state.first_row
    )
    table = TableData(alarms.rows.rows, columns, context)
    rows = paint_table(table, width, height, cursor, highlight_row=True)
    return rows if lines == 1 else _insert_messages(alarms, context, rows, lines)


def choose_row_height(alarms: AlarmList, context: AlarmListContext, width: int, height: int) -> int:
    """Lines of each row: 1 where its column has room for every message, or the list has none for more.

    Otherwise the messages are in full below their rows. ``height`` includes the headings.
    """
    rows = alarms.rows.rows
    if len(rows) * 2 > height - 1:
        return 1
    table = TableData(rows, _build_columns(alarms, context, width), context)
    message = next((column for column in fit_columns(table, width) if column.title == MESSAGE_TITLE), None)
    if message is not None and all(
        count_cells(message.format_text(row, context)) <= message.width for row in rows
    ):
        return 1
    return min(1 + max(len(_wrap_message(row, context, width)) for row in rows), (height - 1) // len(rows))


def _insert_messages(alarms: AlarmList, context: AlarmListContext, rows: Rows, lines: int) -> Rows:
    """Below each row of a list that is shown from its first row on, with the row's background."""
    width, painted = len(rows[0]), rows[:1]
    for row, cells in zip(alarms.rows.rows, rows[1:], strict=False):
        below = Canvas(width, lines - 1, CellStyle(bg=cells[width - 1][1].bg))
        text = _format_message(row, context)
        for y, line in enumerate(wrap_to_height(text, width - MESSAGE_INDENT - 1, lines - 1)):
            style = _choose_text_style(row)._replace(bg=cells[width - 1][1].bg)
            below.write_text(MESSAGE_INDENT, y, line, style)
        painted += [cells, *below.rows]
    return [*painted, *Canvas(width, len(rows) - len(painted)).rows]


def _wrap_message(row: AlarmRow, context: AlarmListContext, width: int) -> list[str]:
    return wrap_text(_format_message(row, context), width - MESSAGE_INDENT - 1)


def build_alarm_table(
    tab: AlarmTab, views: Iterable[AlarmView], context: AlarmListContext
) -> TableData[AlarmRow]:
    """Each alarm in a row of its own, for an export."""
    rows = AlarmRows(tuple(AlarmRow((view,)) for view in views))
    alarms = AlarmList(AlarmListState(tab), rows, AlarmListOptions())
    return TableData(rows.rows, _build_columns(alarms, context, 10_000), context)


def _build_columns(
    alarms: AlarmList, context: AlarmListContext, width: int, *, has_message: bool = True
) -> tuple[TableColumn[AlarmRow], ...]:
    is_wide = width >= WIDE_LIST
    rows = alarms.rows.rows
    names = name_stations({view.state.key.device for row in rows for view in row.views}, context.short_names)
    beside_message = width - _LEAST_MESSAGE - _WIDE_OTHER_CELLS
    wide_room = min(width // 4, beside_message * 2 // 5) if has_message else width // 4
    narrow_room = _STATION_BESIDE_TEXT if has_message else _NARROW_STATION
    station = _build_label_column(
        "Station", 99, rows, partial(_format_stations, names), wide_room if is_wide else narrow_room,
        partial(_fit_stations, set(names.values())),
    )  # fmt: skip
    if not has_message:
        room = width - station.width - (_WIDE_OTHER_CELLS if is_wide else _OTHER_CELLS)
    else:
        room = min(width // 3, beside_message - station.width) if is_wide else _NARROW_TAG
    tag = _build_label_column("Tag", 98, rows, _format_tag, room)
    columns = _TAB_COLUMNS.get(alarms.state.tab, _HIDDEN_COLUMNS)
    if not is_wide:
        narrow = {column.title: column for column in _NARROW_COLUMNS}
        columns = tuple(
            replace(narrow.get(column.title, column), priority=column.priority) for column in columns
        )
    columns = tuple(column for column in columns if has_message or column.title != MESSAGE_TITLE)
    return (_PRIORITY_COLUMN, station, tag, *columns)


def _build_label_column(
    title: str, priority: int, rows: Sequence[AlarmRow], format_name: Callable[[AlarmRow], str], room: int,
    fit_names: Callable[[Collection[str], int], Mapping[str, str]] = fit_labels,
) -> TableColumn[AlarmRow]:  # fmt: skip
    """As wide as its longest name, but at most ``room``: then the names are cut, and stay distinct."""
    names = {format_name(row) for row in rows}
    width = max(len(title), min(room, max((count_cells(name) for name in names), default=0)))
    labels = fit_names(names, width)
    width = max(len(title), max((count_cells(label) for label in labels.values()), default=0))
    return TableColumn(
        title, width, priority, lambda row, _: format_name(row),
        format_runs=lambda row, _: [(labels[format_name(row)], _choose_text_style(row))],
    )  # fmt: skip


def _choose_text_style(row: AlarmRow) -> CellStyle:
    return LABEL if row.is_unacknowledged else TEXT


def _format_stations(names: Mapping[str, str], row: AlarmRow) -> str:
    """The station's name; of a group with several their number."""
    devices = {view.state.key.device for view in row.views}
    if len(devices) > 1:
        return number_format.count_noun(len(devices), "station")
    return names[row.first.state.key.device] or WHOLE_PLANT


def _fit_stations(names: Collection[str], texts: Collection[str], width: int) -> dict[str, str]:
    """The labels of the names among these texts, beside the others, which are numbers of stations."""
    stations = {text for text in texts if text in names}
    return {**{text: text for text in texts}, **fit_station_names(stations, width)}


def _format_tag(row: AlarmRow) -> str:
    """The tag without its station; of a group the rule and its number of alarms."""
    key = row.first.state.key
    if row.is_group:
        return f"{sanitize_text(key.rule)} ×{number_format.format_count(len(row.views))}"
    return format_short_tag(key)


def _format_priority(row: AlarmRow, context: AlarmListContext) -> StyledRuns:
    mark = format_mark(row.first.state.priority, is_unacknowledged=row.is_unacknowledged)
    return [(f" {mark} ", choose_mark_style(row.first.state))]


def _format_message(row: AlarmRow, context: AlarmListContext) -> str:
    view = row.first
    if row.is_group:
        return f"{view.rule.title if view.rule else view.state.key.rule}: Enter opens"
    text = format_message(view)
    return f"{_FIRST_OUT}{text}" if view.is_first_out else text


def _format_short_message(row: AlarmRow, context: AlarmListContext) -> str:
    """Without the rule's title, which the tag stands for."""
    title = f"{row.first.rule.title}: " if row.first.rule else ""
    whole = _format_message(row, context)
    text = whole.removeprefix(_FIRST_OUT)
    return whole if text == title else whole[: len(whole) - len(text)] + text.removeprefix(title)


def _build_message_column(
    format_text: Callable[[AlarmRow, AlarmListContext], str],
) -> TableColumn[AlarmRow]:
    return TableColumn(
        MESSAGE_TITLE, 30, 95, format_text,
        format_runs=lambda row, context: [(format_text(row, context), _choose_text_style(row))],
        max_growth=200, min_width=12, is_name=True, is_sentence=True,
    )  # fmt: skip


def _format_age(row: AlarmRow, context: AlarmListContext) -> str:
    """Of a group that of its newest alarm."""
    times = [view.state.raised_at for view in row.views if view.state.raised_at]
    return (
        number_format.format_age((context.now - max(times)).total_seconds())
        if times
        else number_format.NO_VALUE
    )


def _format_single(format_text: Callable[[AlarmView], str]) -> Callable[[AlarmRow, AlarmListContext], str]:
    """The text of one alarm; '' for a group."""
    return lambda row, _: "" if row.is_group else format_text(row.first)


def _read_single(read_value: Callable[[AlarmView], Any]) -> Callable[[AlarmRow, AlarmListContext], Any]:
    return lambda row, _: None if row.is_group else read_value(row.first)


def _format_if_hidden(
    format_text: Callable[[Any, AlarmListContext], str],
) -> Callable[[AlarmRow, AlarmListContext], str]:
    """The text of the alarm's suppression; '' where it has none."""

    def format_hiding(row: AlarmRow, context: AlarmListContext) -> str:
        hiding = row.first.state.hiding
        return "" if hiding is None or row.is_group else format_text(hiding, context)

    return format_hiding


_FILTER_STYLE = CellStyle(ColourRole.ACCENT, ColourRole.BAR_BACKGROUND, bold=True)
_PRIORITY_COLUMN: TableColumn[AlarmRow] = TableColumn(
    "Priority", MARK_WIDTH + 2, 100, lambda r, f: PRIORITY_MARKS[r.first.state.priority].word,
    format_runs=_format_priority,
)  # fmt: skip
_MESSAGE_COLUMN = _build_message_column(_format_message)
_CONDITION_TEXTS = {True: "abnormal", False: "normal", None: number_format.NO_VALUE}
_STATE_COLUMN: TableColumn[AlarmRow] = TableColumn(
    "State", 13, 97, lambda r, f: STATE_LABELS[r.first.state.state_name]
)
_SHORT_STATE_COLUMN = replace(
    _STATE_COLUMN, width=9, format_text=lambda r, f: SHORT_STATE_LABELS[r.first.state.state_name]
)
_ALARM_COLUMNS: tuple[TableColumn[AlarmRow], ...] = (
    _STATE_COLUMN,
    _MESSAGE_COLUMN,
    TableColumn("Age", 6, 96, _format_age, lambda r, f: r.first.state.raised_at, align_right=True),
    TableColumn("Since", 8, 60, lambda r, f: f.format_time(r.first.state.raised_at),
                _read_single(lambda v: v.state.raised_at)),
    TableColumn("Value", 10, 50, _format_single(lambda v: format_alarm_value(v.state.key.rule, v.value)),
                _read_single(lambda v: v.value), align_right=True),
    TableColumn("Limit", 10, 45, _format_single(lambda v: format_alarm_value(v.state.key.rule, v.limit)),
                _read_single(lambda v: v.limit), align_right=True),
    TableColumn("Times", 5, 40, _format_single(lambda v: str(v.state.count)),
                _read_single(lambda v: v.state.count), align_right=True),
    TableColumn("Operator", 10, 30, _format_single(lambda v: format_operator(v.state.acked_by)), style=DIM),
)  # fmt: skip
_HIDDEN_COLUMNS: tuple[TableColumn[AlarmRow], ...] = (
    TableColumn("Now", 8, 60, _format_single(lambda v: _CONDITION_TEXTS[v.condition_active])),
    replace(_MESSAGE_COLUMN, priority=55),
    TableColumn("Since", 8, 80, _format_if_hidden(lambda h, f: f.format_time(h.since))),
    TableColumn("Remaining", 9, 96, _format_if_hidden(lambda h, f: format_remaining_time(h.until, f.now))),
    TableColumn("Reason", 20, 94, _format_if_hidden(lambda h, f: clean_line(h.why)), max_growth=20,
                min_width=12),
    TableColumn("Operator", 10, 50, _format_if_hidden(lambda h, f: format_operator(h.who)), style=DIM),
)  # fmt: skip
_SUPPRESSED_COLUMNS: tuple[TableColumn[AlarmRow], ...] = (
    *_HIDDEN_COLUMNS[:3],
    TableColumn("Reason", 43, 94, _format_if_hidden(lambda h, f: clean_line(h.why)), min_width=25),
)
"""Suppression by design has no operator and no end."""
_TAB_COLUMNS = {AlarmTab.ALARMS: _ALARM_COLUMNS, AlarmTab.SUPPRESSED: _SUPPRESSED_COLUMNS}
_NARROW_COLUMNS = (_SHORT_STATE_COLUMN, _build_message_column(_format_short_message))
"""In place of those with the same titles."""
