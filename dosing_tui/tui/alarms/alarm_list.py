"""The lists of alarms: which rows there are, where the operator is in them, and how they are drawn. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Any

from dosing_tui.domain.alarms.models import UNACKNOWLEDGED_STATES, Actor, AlarmKey
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableCursor, TableData, paint_table
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT, CellStyle, ColourRole
from dosing_tui.tui.rendering.priority_style import (
    PRIORITY_MARKS,
    STATE_LABELS,
    choose_mark_style,
    format_mark,
)

EMPTY_SNAPSHOT = AlarmSnapshot(at=datetime.min.replace(tzinfo=UTC))
"""Before the first look."""


class AlarmTab(StrEnum):
    ALARMS = "Alarms"
    SHELVED = "Shelved"
    SUPPRESSED = "Suppressed"
    OUT_OF_SERVICE = "Out of service"
    JOURNAL = "Journal"
    """What happened to the alarms, read from the database."""
    KPIS = "Health"
    """No list, but figures from the journal."""


TABS_WITHOUT_COUNT = frozenset({AlarmTab.JOURNAL, AlarmTab.KPIS})
"""They are no lists of alarms."""


_SHORT_TAB_NAMES = {AlarmTab.SUPPRESSED: "Suppr.", AlarmTab.OUT_OF_SERVICE: "Out"}
"""Names for a narrow window: there has to be room for a journal that is away."""
EMPTY_TEXTS = {
    AlarmTab.ALARMS: "No alarm: nothing is abnormal, and nothing waits to be acknowledged.",
    AlarmTab.SHELVED: "No alarm is shelved.",
    AlarmTab.SUPPRESSED: "No alarm is suppressed by design.",
    AlarmTab.OUT_OF_SERVICE: "No alarm is out of service.",
}


@dataclass(frozen=True, slots=True)
class AlarmListContext:
    now: datetime
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class AlarmListState:
    """``held`` is the alarm the cursor is on: whatever comes above it, the keys stay about this one."""

    tab: AlarmTab = AlarmTab.ALARMS
    cursor_key: AlarmKey | None = None
    cursor_row: int = 0
    first_row: int = 0


def list_alarms(snapshot: AlarmSnapshot, tab: AlarmTab) -> tuple[AlarmView, ...]:
    match tab:
        case AlarmTab.ALARMS:
            return snapshot.annunciated_alarms
        case AlarmTab.SHELVED:
            return snapshot.shelved
        case AlarmTab.SUPPRESSED:
            return snapshot.suppressed
        case AlarmTab.OUT_OF_SERVICE:
            return snapshot.out_of_service
        case AlarmTab.JOURNAL | AlarmTab.KPIS:
            return ()


def clamp_cursor(state: AlarmListState, snapshot: AlarmSnapshot, visible_rows: int) -> AlarmListState:
    """On an alarm that there is: the same, or the one that took its row; scrolled so that it is in sight."""
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
    """The cursor so many rows further down, or up."""
    last = max(0, len(list_alarms(snapshot, state.tab)) - 1)
    row = max(0, min(state.cursor_row + step, last))
    return clamp_cursor(replace(state, cursor_key=None, cursor_row=row), snapshot, visible_rows)


def switch_tab(state: AlarmListState, step: int) -> AlarmListState:
    """To the tab beside this one."""
    tabs = list(AlarmTab)
    return AlarmListState(tabs[(tabs.index(state.tab) + step) % len(tabs)])


def get_selected_alarm(state: AlarmListState, snapshot: AlarmSnapshot) -> AlarmView | None:
    """The alarm under the cursor."""
    return next((v for v in list_alarms(snapshot, state.tab) if v.state.key == state.cursor_key), None)


def list_visible_unacknowledged(
    state: AlarmListState, snapshot: AlarmSnapshot, visible_rows: int
) -> tuple[AlarmView, ...]:
    """The unacknowledged alarms among the rows in sight."""
    rows = list_alarms(snapshot, state.tab)[state.first_row : state.first_row + visible_rows]
    return tuple(view for view in rows if view.state.state_name in UNACKNOWLEDGED_STATES)


def render_alarm_tabs(state: AlarmListState, snapshot: AlarmSnapshot, width: int) -> Rows:
    canvas = Canvas(width, 1, CellStyle(ColourRole.DIM, ColourRole.BAR_BACKGROUND))
    x = 1
    for tab in AlarmTab:
        here = tab is state.tab
        count = "" if tab in TABS_WITHOUT_COUNT else f" {len(list_alarms(snapshot, tab))}"
        name = tab.value if width >= 100 else _SHORT_TAB_NAMES.get(tab, tab.value)
        text = f" {name}{count} "
        x = (
            canvas.write_text(
                x,
                0,
                text,
                CellStyle(ColourRole.STRONG, ColourRole.SELECTION, bold=True) if here else _TAB_STYLE,
            )
            + 1
        )
    if not snapshot.is_journal_live:
        said = (
            f"journal away: {_JOURNAL_DOWN_TEXTS[snapshot.pending_command_count > 0]}"
            if width >= 120
            else "journal away"
        )
        canvas.write_right(
            width - 1, 0, said, CellStyle(ColourRole.WARN, ColourRole.BAR_BACKGROUND, bold=True)
        )
    return canvas.rows


def build_alarm_table(
    state: AlarmListState, snapshot: AlarmSnapshot, context: AlarmListContext
) -> TableData[AlarmView]:
    columns = _TAB_COLUMNS.get(state.tab, _HIDDEN_COLUMNS)
    return TableData(list_alarms(snapshot, state.tab), columns, context)


def render_alarm_list(
    state: AlarmListState, snapshot: AlarmSnapshot, context: AlarmListContext, width: int, height: int
) -> Rows:
    """The heading, and the alarms from ``state.first_row`` on."""
    table = build_alarm_table(state, snapshot, context)
    if not table.rows:
        canvas = Canvas(width, height)
        canvas.write_text(2, 1, EMPTY_TEXTS[state.tab], DIM)
        return canvas.rows
    held = get_selected_alarm(state, snapshot)
    return paint_table(
        table, width, height, TableCursor(selected_row=held, first_row=state.first_row), highlight_row=True
    )


def format_operator(operator: Actor) -> str:
    """The name somebody gave, else the account.

    >>> format_operator(Actor("", "pi"))
    'pi'
    """
    return sanitize_text(operator.name or operator.os_user or operator.role)


def format_number(value: float | None) -> str:
    return number_format.NO_VALUE if value is None else f"{value:,.2f}".replace(",", " ")


def format_remaining_time(until: datetime | None, now: datetime) -> str:
    """How long shelving lasts: 25 min, 3 h 05."""
    if until is None:
        return ""
    minutes = max(0, -int((now - until).total_seconds() // 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02}"


def _draw_priority(view: AlarmView, context: AlarmListContext, width: int, background: ColourRole) -> Rows:
    canvas = Canvas(width, 1, CellStyle(bg=background))
    loud = view.state.state_name in UNACKNOWLEDGED_STATES
    canvas.write_text(
        0,
        0,
        f" {format_mark(view.state.priority, is_unacknowledged=loud)} ",
        choose_mark_style(view.state, background),
    )
    return canvas.rows


def _draw_message(view: AlarmView, context: AlarmListContext, width: int, background: ColourRole) -> Rows:
    canvas = Canvas(width, 1, CellStyle(bg=background))
    pen = STRONG._replace(bold=True) if view.state.state_name in UNACKNOWLEDGED_STATES else TEXT
    canvas.write_text(0, 0, _format_message(view, context), pen._replace(bg=background))
    return canvas.rows


def _format_message(view: AlarmView, context: AlarmListContext) -> str:
    text = clean_line(view.message) or sanitize_text(view.state.key.tag)
    return f"first · {text}" if view.is_first_out else text


def _format_time(time: datetime | None, context: AlarmListContext) -> str:
    return (
        number_format.NO_VALUE
        if time is None
        else number_format.format_timestamp(time, context.zone, now=context.now)
    )


def _format_if_hidden(
    format_text: Callable[[Any, AlarmListContext], str],
) -> Callable[[AlarmView, AlarmListContext], str]:
    """Of what hides the alarm; '' where nothing does."""
    return lambda view, facts: "" if view.state.hiding is None else format_text(view.state.hiding, facts)


_PRIORITY_COLUMN: TableColumn[AlarmView] = TableColumn(
    "Pri", 5, 100, lambda v, f: PRIORITY_MARKS[v.state.priority].letter, draw_cell=_draw_priority
)
_MESSAGE_COLUMN: TableColumn[AlarmView] = TableColumn(
    "Alarm", 30, 99, _format_message, draw_cell=_draw_message, max_growth=200, min_width=20
)
_JOURNAL_DOWN_TEXTS = {False: "others do not see this", True: "others see this later"}
_TAB_STYLE = CellStyle(ColourRole.TEXT, ColourRole.BAR_BACKGROUND)
_CONDITION_TEXTS = {True: "abnormal", False: "normal", None: number_format.NO_VALUE}
_ALARM_COLUMNS: tuple[TableColumn[AlarmView], ...] = (
    _PRIORITY_COLUMN,
    TableColumn("State", 14, 90, lambda v, f: STATE_LABELS[v.state.state_name]),
    TableColumn(
        "Since", 8, 95, lambda v, f: _format_time(v.state.raised_at, f), lambda v, f: v.state.raised_at
    ),
    _MESSAGE_COLUMN,
    TableColumn("Value", 10, 60, lambda v, f: format_number(v.value), lambda v, f: v.value, align_right=True),
    TableColumn("Limit", 10, 55, lambda v, f: format_number(v.limit), lambda v, f: v.limit, align_right=True),
    TableColumn(
        "Times", 5, 40, lambda v, f: str(v.state.count), lambda v, f: v.state.count, align_right=True
    ),
    TableColumn("By", 10, 30, lambda v, f: format_operator(v.state.acked_by), style=DIM),
)
_HIDDEN_COLUMNS: tuple[TableColumn[AlarmView], ...] = (
    _PRIORITY_COLUMN,
    TableColumn("Now", 8, 60, lambda v, f: _CONDITION_TEXTS[v.condition_active]),
    TableColumn("Since", 8, 80, _format_if_hidden(lambda h, f: _format_time(h.since, f))),
    TableColumn("Left", 8, 90, _format_if_hidden(lambda h, f: format_remaining_time(h.until, f.now))),
    _MESSAGE_COLUMN,
    TableColumn("Why", 20, 70, _format_if_hidden(lambda h, f: clean_line(h.why)), max_growth=20),
    TableColumn("By", 10, 50, _format_if_hidden(lambda h, f: format_operator(h.who)), style=DIM),
)
_SUPPRESSED_COLUMNS: tuple[TableColumn[AlarmView], ...] = (
    *_HIDDEN_COLUMNS[:3],
    _MESSAGE_COLUMN,
    TableColumn("Why", 43, 70, _format_if_hidden(lambda h, f: clean_line(h.why)), min_width=23),
)
"""By nobody, and with no end: there is room for the reason."""
_TAB_COLUMNS = {AlarmTab.ALARMS: _ALARM_COLUMNS, AlarmTab.SUPPRESSED: _SUPPRESSED_COLUMNS}
