"""The alarm lists: their tabs and the cursor. Pure."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from operator import attrgetter

from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.domain.alarms.models import Actor
from dosing_tui.domain.alarms.snapshot import AlarmSnapshot, AlarmView
from dosing_tui.tui.alarms.alarm_rows import AlarmRow, AlarmRows, RowKey
from dosing_tui.tui.layout.bar_parts import BAR_STYLE, DIM_STYLE
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text
from dosing_tui.tui.rendering.palette import CellStyle, ColourRole

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


class AlarmListContext(Struct, frozen=True):
    now: datetime
    zone: tzinfo
    short_names: Mapping[str, str] = field(default_factory=dict)
    """Of the stations that have one."""

    def format_time(self, time: datetime | None) -> str:
        """The time of day, or the day when it is another one."""
        if time is None:
            return number_format.NO_VALUE
        return number_format.format_timestamp(time, self.zone, now=self.now)


class AlarmListState(Struct, frozen=True):
    """The cursor stays on its alarm or group, whatever is inserted above it."""

    tab: AlarmTab = AlarmTab.ALARMS
    cursor_key: RowKey | None = None
    cursor_row: int = 0
    first_row: int = 0
    open_rule: str = ""
    """The rule of the group that is open; '' for the whole list."""
    acknowledging: RowKey | None = None
    """The row that is being acknowledged here: once it is, the cursor goes on to the next one."""


def list_alarms(snapshot: AlarmSnapshot, tab: AlarmTab) -> tuple[AlarmView, ...]:
    """The alarms of a tab; none for a tab that lists no alarms."""
    return _TAB_ALARMS[tab](snapshot) if tab in _TAB_ALARMS else ()


def clamp_cursor(state: AlarmListState, listed: AlarmRows, visible_rows: int) -> AlarmListState:
    """Keep the cursor on its alarm, or in its row if the alarm is gone; scroll it into view."""
    if not listed.rows:
        return replace(state, cursor_key=None, cursor_row=0, first_row=0, acknowledging=None)
    number, is_acknowledging = _find_cursor_row(state, listed)
    first = max(0, min(state.first_row, len(listed.rows) - visible_rows))
    first = max(number - visible_rows + 1, min(first, number))
    return replace(
        state, cursor_key=listed.rows[number].key, cursor_row=number, first_row=first,
        acknowledging=state.acknowledging if is_acknowledging else None,
    )  # fmt: skip


def _find_cursor_row(state: AlarmListState, listed: AlarmRows) -> tuple[int, bool]:
    """The cursor's row, and whether its acknowledgement is still to be seen in the list."""
    last = len(listed.rows) - 1
    number = listed.numbers.get(state.cursor_key) if state.cursor_key is not None else None
    if state.acknowledging is None or state.acknowledging != state.cursor_key:
        return min(state.cursor_row, last) if number is None else number, False
    if number is not None and listed.rows[number].is_unacknowledged:
        return number, True
    waiting = [row for row, one in enumerate(listed.rows) if one.is_unacknowledged]
    below = (row for row in waiting if row >= state.cursor_row)
    return next(below, waiting[0] if waiting else min(state.cursor_row, last)), False


def move_cursor(state: AlarmListState, listed: AlarmRows, step: int, visible_rows: int) -> AlarmListState:
    """Move the cursor by ``step`` rows; down if positive."""
    row = max(0, min(state.cursor_row + step, len(listed.rows) - 1))
    return clamp_cursor(replace(state, cursor_key=None, cursor_row=row), listed, visible_rows)


def switch_tab(state: AlarmListState, step: int) -> AlarmListState:
    """Go to the next or the previous tab."""
    tabs = list(AlarmTab)
    return AlarmListState(tabs[(tabs.index(state.tab) + step) % len(tabs)])


def get_selected_row(state: AlarmListState, listed: AlarmRows) -> AlarmRow | None:
    """The row under the cursor."""
    number = None if state.cursor_key is None else listed.numbers.get(state.cursor_key)
    return None if number is None else listed.rows[number]


def list_visible_unacknowledged(
    state: AlarmListState, listed: AlarmRows, visible_rows: int
) -> tuple[AlarmView, ...]:
    """The unacknowledged alarms among the visible rows, with all those of a visible group."""
    rows = listed.rows[state.first_row : state.first_row + visible_rows]
    return tuple(view for row in rows if row.is_unacknowledged for view in row.views)


def render_alarm_tabs(state: AlarmListState, snapshot: AlarmSnapshot, width: int) -> Rows:
    canvas = Canvas(width, 1, DIM_STYLE)
    x = 1
    for tab in AlarmTab:
        count = (
            ""
            if tab in TABS_WITHOUT_COUNT
            else f" {number_format.format_count(len(list_alarms(snapshot, tab)))}"
        )
        name = tab.value if width >= 100 else _SHORT_TAB_NAMES.get(tab, tab.value)
        text = f" {name}{count} "
        x = canvas.write_text(x, 0, text, _SELECTED_TAB_STYLE if tab is state.tab else BAR_STYLE) + 1
    if not snapshot.is_journal_live:
        warning = "journal unavailable" if width >= 100 else "no journal"
        if width >= 120:
            warning += f": {_JOURNAL_DOWN_TEXTS[snapshot.pending_command_count > 0]}"
        canvas.write_right(width - 1, 0, warning, _WARNING_STYLE)
    return canvas.rows


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


_JOURNAL_DOWN_TEXTS = {False: "not shared", True: "shared later"}
_WARNING_STYLE = CellStyle(ColourRole.DEVIATION, ColourRole.BAR_BACKGROUND, bold=True)
_SELECTED_TAB_STYLE = CellStyle(ColourRole.STRONG, ColourRole.SELECTION, bold=True)
