"""The alarm lists: their rows, the cursor, and how they are drawn. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from operator import attrgetter
from typing import Any

from dosing_tui.domain.alarms.catalog import format_alarm_value
from dosing_tui.domain.alarms.models import UNACKNOWLEDGED_STATES, Actor, AlarmKey
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text
from dosing_tui.tui.rendering.data_table import StyledRuns, TableColumn, TableCursor, TableData, paint_table
from dosing_tui.tui.rendering.palette import DIM, LABEL, TEXT, CellStyle, ColourRole
from dosing_tui.tui.rendering.priority_style import (
    PRIORITY_MARKS,
    STATE_LABELS,
    choose_mark_style,
    format_mark,
)

EMPTY_SNAPSHOT = AlarmSnapshot(at=datetime.min.replace(tzinfo=UTC))
"""Before the first snapshot."""


class AlarmTab(StrEnum):
    ALARMS = "Alarms"
    SHELVED = "Shelved"
    SUPPRESSED = "Suppressed"
    OUT_OF_SERVICE = "Out of service"
    JOURNAL = "Journal"
    """Alarm events, read from the database."""
    KPIS = "KPIs"
    """Alarm KPIs, calculated from the journal."""


_TAB_ALARMS: Mapping[AlarmTab, Callable[[AlarmSnapshot], tuple[AlarmView, ...]]] = {
    AlarmTab.ALARMS: attrgetter("annunciated_alarms"),
    AlarmTab.SHELVED: attrgetter("shelved"),
    AlarmTab.SUPPRESSED: attrgetter("suppressed"),
    AlarmTab.OUT_OF_SERVICE: attrgetter("out_of_service"),
}
"""The tabs that list alarms, and the alarms they list."""
TABS_WITHOUT_COUNT = frozenset(AlarmTab) - frozenset(_TAB_ALARMS)
_SHORT_TAB_NAMES = {AlarmTab.SUPPRESSED: "Suppr.", AlarmTab.OUT_OF_SERVICE: "OOS"}
"""Names for a narrow window, which has room for the journal's warning beside them."""
EMPTY_TEXTS = {
    AlarmTab.ALARMS: "No active or unacknowledged alarms.",
    AlarmTab.SHELVED: "No shelved alarms.",
    AlarmTab.SUPPRESSED: "No alarms suppressed by design.",
    AlarmTab.OUT_OF_SERVICE: "No alarms out of service.",
}


@dataclass(frozen=True, slots=True)
class AlarmListContext:
    now: datetime
    zone: tzinfo

    def format_time(self, time: datetime | None) -> str:
        """The time of day, or the day when it is another one."""
        if time is None:
            return number_format.NO_VALUE
        return number_format.format_timestamp(time, self.zone, now=self.now)


@dataclass(frozen=True, slots=True)
class AlarmListState:
    """The cursor stays on the alarm ``cursor_key``, whatever is inserted above it."""

    tab: AlarmTab = AlarmTab.ALARMS
    cursor_key: AlarmKey | None = None
    cursor_row: int = 0
    first_row: int = 0


def list_alarms(snapshot: AlarmSnapshot, tab: AlarmTab) -> tuple[AlarmView, ...]:
    """The alarms of a tab; none for a tab that lists no alarms."""
    return _TAB_ALARMS[tab](snapshot) if tab in _TAB_ALARMS else ()


def clamp_cursor(state: AlarmListState, snapshot: AlarmSnapshot, visible_rows: int) -> AlarmListState:
    """Keep the cursor on its alarm, or in its row if the alarm is gone; scroll it into view."""
    views = list_alarms(snapshot, state.tab)
    keys = [view.state.key for view in views]
    if not keys:
        return replace(state, cursor_key=None, cursor_row=0, first_row=0)
    row = keys.index(state.cursor_key) if state.cursor_key in keys else min(state.cursor_row, len(keys) - 1)
    first = max(0, min(state.first_row, len(keys) - visible_rows))
    first = max(row - visible_rows + 1, min(first, row))
    return replace(state, cursor_key=keys[row], cursor_row=row, first_row=first)


def move_cursor(
    state: AlarmListState, snapshot: AlarmSnapshot, step: int, visible_rows: int
) -> AlarmListState:
    """Move the cursor by ``step`` rows; down if positive."""
    last = max(0, len(list_alarms(snapshot, state.tab)) - 1)
    row = max(0, min(state.cursor_row + step, last))
    return clamp_cursor(replace(state, cursor_key=None, cursor_row=row), snapshot, visible_rows)


def switch_tab(state: AlarmListState, step: int) -> AlarmListState:
    """Go to the next or the previous tab."""
    tabs = list(AlarmTab)
    return AlarmListState(tabs[(tabs.index(state.tab) + step) % len(tabs)])


def get_selected_alarm(state: AlarmListState, snapshot: AlarmSnapshot) -> AlarmView | None:
    """The alarm under the cursor."""
    return next((v for v in list_alarms(snapshot, state.tab) if v.state.key == state.cursor_key), None)


def list_visible_unacknowledged(
    state: AlarmListState, snapshot: AlarmSnapshot, visible_rows: int
) -> tuple[AlarmView, ...]:
    """The unacknowledged alarms among the visible rows."""
    rows = list_alarms(snapshot, state.tab)[state.first_row : state.first_row + visible_rows]
    return tuple(view for view in rows if view.state.state_name in UNACKNOWLEDGED_STATES)


def render_alarm_tabs(state: AlarmListState, snapshot: AlarmSnapshot, width: int) -> Rows:
    canvas = Canvas(width, 1, CellStyle(ColourRole.DIM, ColourRole.BAR_BACKGROUND))
    x = 1
    for tab in AlarmTab:
        count = "" if tab in TABS_WITHOUT_COUNT else f" {len(list_alarms(snapshot, tab))}"
        name = tab.value if width >= 100 else _SHORT_TAB_NAMES.get(tab, tab.value)
        text = f" {name}{count} "
        x = canvas.write_text(x, 0, text, _SELECTED_TAB_STYLE if tab is state.tab else _TAB_STYLE) + 1
    if not snapshot.is_journal_live:
        warning = "journal unavailable" if width >= 100 else "no journal"
        if width >= 120:
            warning += f": {_JOURNAL_DOWN_TEXTS[snapshot.pending_command_count > 0]}"
        canvas.write_right(width - 1, 0, warning, _WARNING_STYLE)
    return canvas.rows


def build_alarm_table(
    state: AlarmListState, snapshot: AlarmSnapshot, context: AlarmListContext
) -> TableData[AlarmView]:
    columns = _TAB_COLUMNS.get(state.tab, _HIDDEN_COLUMNS)
    return TableData(list_alarms(snapshot, state.tab), columns, context)


def render_alarm_list(
    state: AlarmListState, snapshot: AlarmSnapshot, context: AlarmListContext, width: int, height: int
) -> Rows:
    """The headings, and the alarms from ``state.first_row`` on."""
    table = build_alarm_table(state, snapshot, context)
    if not table.rows:
        canvas = Canvas(width, height)
        canvas.write_text(2, 1, EMPTY_TEXTS[state.tab], DIM)
        return canvas.rows
    cursor = TableCursor(selected_row=get_selected_alarm(state, snapshot), first_row=state.first_row)
    return paint_table(table, width, height, cursor, highlight_row=True)


def format_operator(operator: Actor) -> str:
    """The operator's name, else the account, else the database role.

    >>> format_operator(Actor("", "pi"))
    'pi'
    """
    return sanitize_text(operator.name or operator.os_user or operator.role)


def format_remaining_time(until: datetime | None, now: datetime) -> str:
    """The time until shelving ends: 25 min, 3 h 05."""
    if until is None:
        return ""
    minutes = max(0, -int((now - until).total_seconds() // 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02}"


def _format_priority(view: AlarmView, context: AlarmListContext) -> StyledRuns:
    state = view.state
    mark = format_mark(state.priority, is_unacknowledged=state.state_name in UNACKNOWLEDGED_STATES)
    return [(f" {mark} ", choose_mark_style(state))]


def _format_styled_message(view: AlarmView, context: AlarmListContext) -> StyledRuns:
    style = LABEL if view.state.state_name in UNACKNOWLEDGED_STATES else TEXT
    return [(_format_message(view, context), style)]


def _format_message(view: AlarmView, context: AlarmListContext) -> str:
    text = clean_line(view.message) or sanitize_text(view.state.key.tag)
    return f"first · {text}" if view.is_first_out else text


def _format_if_hidden(
    format_text: Callable[[Any, AlarmListContext], str],
) -> Callable[[AlarmView, AlarmListContext], str]:
    """The text of the alarm's suppression; '' where it has none."""
    return lambda view, context: "" if view.state.hiding is None else format_text(view.state.hiding, context)


_PRIORITY_COLUMN: TableColumn[AlarmView] = TableColumn(
    "Pri", 5, 100, lambda v, f: PRIORITY_MARKS[v.state.priority].letter, format_runs=_format_priority
)
_MESSAGE_COLUMN: TableColumn[AlarmView] = TableColumn(
    "Alarm",
    30,
    99,
    _format_message,
    format_runs=_format_styled_message,
    max_growth=200,
    min_width=20,
    is_name=True,
)
_JOURNAL_DOWN_TEXTS = {False: "not shared", True: "shared later"}
_WARNING_STYLE = CellStyle(ColourRole.DEVIATION, ColourRole.BAR_BACKGROUND, bold=True)
_SELECTED_TAB_STYLE = CellStyle(ColourRole.STRONG, ColourRole.SELECTION, bold=True)
_TAB_STYLE = CellStyle(ColourRole.TEXT, ColourRole.BAR_BACKGROUND)
_CONDITION_TEXTS = {True: "abnormal", False: "normal", None: number_format.NO_VALUE}
_ALARM_COLUMNS: tuple[TableColumn[AlarmView], ...] = (
    _PRIORITY_COLUMN,
    TableColumn("State", 14, 90, lambda v, f: STATE_LABELS[v.state.state_name]),
    TableColumn(
        "Since", 8, 95, lambda v, f: f.format_time(v.state.raised_at), lambda v, f: v.state.raised_at
    ),
    _MESSAGE_COLUMN,
    TableColumn(
        "Value",
        10,
        60,
        lambda v, f: format_alarm_value(v.state.key.rule, v.value),
        lambda v, f: v.value,
        align_right=True,
    ),
    TableColumn(
        "Limit",
        10,
        55,
        lambda v, f: format_alarm_value(v.state.key.rule, v.limit),
        lambda v, f: v.limit,
        align_right=True,
    ),
    TableColumn(
        "Times", 5, 40, lambda v, f: str(v.state.count), lambda v, f: v.state.count, align_right=True
    ),
    TableColumn("Operator", 10, 30, lambda v, f: format_operator(v.state.acked_by), style=DIM),
)
_HIDDEN_COLUMNS: tuple[TableColumn[AlarmView], ...] = (
    _PRIORITY_COLUMN,
    TableColumn("Now", 8, 60, lambda v, f: _CONDITION_TEXTS[v.condition_active]),
    TableColumn("Since", 8, 80, _format_if_hidden(lambda h, f: f.format_time(h.since))),
    TableColumn("Remaining", 9, 90, _format_if_hidden(lambda h, f: format_remaining_time(h.until, f.now))),
    _MESSAGE_COLUMN,
    TableColumn("Reason", 20, 70, _format_if_hidden(lambda h, f: clean_line(h.why)), max_growth=20),
    TableColumn("Operator", 10, 50, _format_if_hidden(lambda h, f: format_operator(h.who)), style=DIM),
)
_SUPPRESSED_COLUMNS: tuple[TableColumn[AlarmView], ...] = (
    *_HIDDEN_COLUMNS[:3],
    _MESSAGE_COLUMN,
    TableColumn("Reason", 43, 70, _format_if_hidden(lambda h, f: clean_line(h.why)), min_width=23),
)
"""Suppression by design has no operator and no end."""
_TAB_COLUMNS = {AlarmTab.ALARMS: _ALARM_COLUMNS, AlarmTab.SUPPRESSED: _SUPPRESSED_COLUMNS}
