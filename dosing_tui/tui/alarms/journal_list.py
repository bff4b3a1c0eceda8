"""The alarm journal as a list: its entries, the cursor, and how it is drawn. Pure."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.domain.alarms.catalog import format_alarm_value
from dosing_tui.domain.alarms.journal_filter import JournalFilter
from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmStateName, JournalEntry
from dosing_tui.domain.labels.alarm_labels import AlarmLabel, describe_alarm
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.alarms.alarm_list import AlarmListContext
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, render_paragraph, sanitize_text
from dosing_tui.tui.rendering.data_table import StyledRuns, TableColumn, TableCursor, TableData
from dosing_tui.tui.rendering.palette import DIM, LABEL, STRONG, TEXT, CellStyle, ColourRole
from dosing_tui.tui.rendering.priority_style import STATE_LABELS, format_mark

PAGE_SIZE = 200
"""Entries per query."""
MAX_ENTRIES = 5_000
"""Entries in memory. Older ones need a narrower range or a filter."""
HEADING_ROWS = 1
"""Rows above the table, with the range and the filter."""
AUDIBLE_EVENTS = frozenset({AlarmEvent.RAISE, AlarmEvent.REALARM, AlarmEvent.ESCALATE})
EVENT_LABELS: Mapping[AlarmEvent, str] = {
    AlarmEvent.RAISE: "raised",
    AlarmEvent.RETURN: "normal (RTN)",
    AlarmEvent.ACKNOWLEDGE: "acknowledged",
    AlarmEvent.RESET: "reset",
    AlarmEvent.REALARM: "re-alarmed",
    AlarmEvent.ESCALATE: "escalated",
    AlarmEvent.SHELVE: "shelved",
    AlarmEvent.UNSHELVE: "unshelved",
    AlarmEvent.SHELVE_EXPIRE: "shelving ended",
    AlarmEvent.SUPPRESS: "suppressed",
    AlarmEvent.UNSUPPRESS: "unsuppressed",
    AlarmEvent.REMOVE_FROM_SERVICE: "out of service",
    AlarmEvent.RETURN_TO_SERVICE: "in service",
}


class JournalFilterForm(Struct, frozen=True):
    """The operator's filter; '' and () select everything."""

    tag: str = ""
    events: tuple[AlarmEvent, ...] = ()
    user: str = ""
    states: tuple[AlarmStateName, ...] = ()
    """The alarm's state now."""

    @property
    def summary(self) -> str:
        """
        >>> JournalFilterForm("T-12", (AlarmEvent.RAISE,), "Anna", (AlarmStateName.SHELVED,)).summary
        'tag T-12 · raised · now shelved · by Anna'
        """
        return " · ".join(
            part for part in (
                f"tag {sanitize_text(self.tag)}" if self.tag else "",
                ", ".join(EVENT_LABELS[event] for event in self.events),
                f"now {', '.join(STATE_LABELS[shown] for shown in self.states)}" if self.states else "",
                f"by {sanitize_text(self.user)}" if self.user else "",
            ) if part
        )  # fmt: skip


class JournalList(Struct, frozen=True):
    """``rows`` are the newest first and have no gap, from the newest entry of ``journal_filter`` on."""

    journal_filter: JournalFilter | None = None
    """The filter of ``rows``; None before the first result."""
    rows: tuple[JournalEntry, ...] = ()
    has_more: bool = False
    """The database has older entries."""
    error: str = ""
    """Why the last query failed."""
    cursor: TableCursor = field(default_factory=TableCursor)

    @property
    def is_at_top(self) -> bool:
        """New entries can be inserted without moving the visible ones."""
        return len(self.rows) <= PAGE_SIZE and self.cursor.first_row == 0

    @property
    def selected_entry(self) -> JournalEntry | None:
        return self.rows[data_table.find_cursor_row(self.cursor, self.rows)] if self.rows else None

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= MAX_ENTRIES


def build_journal_filter(
    form: JournalFilterForm, since: datetime, until: datetime, device: tuple[str, ...] = ()
) -> JournalFilter:
    """The filter of the newest page. ``device``: the console's filter by station."""
    return JournalFilter(
        since, until, form.tag, form.events, form.user, form.states, device, max_entries=PAGE_SIZE
    )


def build_older_filter(journal: JournalList) -> JournalFilter | None:
    """The filter of the page after the last row; None where there is none."""
    if journal.journal_filter is None or not journal.rows or not journal.has_more or journal.is_full:
        return None
    last = journal.rows[-1]
    return replace(journal.journal_filter, until=last.at, before_id=last.id)


def replace_entries(
    journal: JournalList, journal_filter: JournalFilter, entries: Sequence[JournalEntry]
) -> JournalList:
    """Show the newest page. The cursor stays on its entry if that is still there."""
    rows = tuple(entries)
    reader = journal.cursor if journal.cursor.selected_row in rows else TableCursor()
    return JournalList(journal_filter, rows, has_more=len(rows) >= journal_filter.max_entries, cursor=reader)


def append_entries(journal: JournalList, entries: Sequence[JournalEntry]) -> JournalList:
    """Append an older page."""
    more = len(entries) >= PAGE_SIZE
    return replace(journal, rows=(*journal.rows, *entries), has_more=more, error="")


def count_visible_entries(height: int) -> int:
    """Entries visible at this height."""
    return max(1, height - HEADING_ROWS - 1)


def move_cursor(journal: JournalList, step: int, height: int) -> JournalList:
    reader = data_table.move_cursor(journal.cursor, journal.rows, step)
    return replace(
        journal, cursor=data_table.scroll_to_cursor(reader, journal.rows, count_visible_entries(height))
    )


def is_near_end(journal: JournalList, height: int) -> bool:
    """The next page is needed soon."""
    return journal.cursor.first_row + 2 * count_visible_entries(height) >= len(journal.rows)


class JournalHeading(Struct, frozen=True):
    """Range and filter in words. ``is_live``: new entries are inserted at the top."""

    range: str = ""
    is_live: bool = True
    filter_text: str = ""


def render_journal(
    journal: JournalList, heading: JournalHeading, context: AlarmListContext, width: int, height: int
) -> Rows:
    canvas = Canvas(width, height)
    _draw_heading(canvas, journal, heading)
    if journal.rows:
        cursor = data_table.scroll_to_cursor(journal.cursor, journal.rows, count_visible_entries(height))
        table = TableData(journal.rows, JOURNAL_COLUMNS, context)
        rows = data_table.paint_table(table, width, height - HEADING_ROWS, cursor, highlight_row=True)
    else:
        text = journal.error or _explain_empty_list(journal, heading)
        rows = render_paragraph(text, width, min(height - HEADING_ROWS, 9))
    canvas.paste_rows(0, HEADING_ROWS, rows)
    return canvas.rows


def _explain_empty_list(journal: JournalList, heading: JournalHeading) -> str:
    if journal.journal_filter is None:
        return "Reading the journal …"
    if heading.filter_text:
        return f"No entries in this range for {heading.filter_text}."
    return "No alarm events in this range."


def _draw_heading(canvas: Canvas, journal: JournalList, heading: JournalHeading) -> None:
    text, strong, dim, warning = (
        CellStyle(colour, ColourRole.BAR_BACKGROUND, bold=colour is ColourRole.DEVIATION)
        for colour in (ColourRole.TEXT, ColourRole.STRONG, ColourRole.DIM, ColourRole.DEVIATION)
    )
    canvas.fill_row(0, text)
    right = _format_extent(journal, heading)[: canvas.width // 2]
    canvas.write_right(canvas.width - 1, 0, right, warning if journal.error else dim)
    end = canvas.width - 1 - len(right) if right else canvas.width
    x = canvas.write_text(1, 0, heading.range, strong, width=max(0, end - 2))
    if heading.filter_text:
        canvas.write_text(x, 0, f" · only {heading.filter_text}", text, width=max(0, end - x - 1))


def _format_extent(journal: JournalList, heading: JournalHeading) -> str:
    """The number of entries, and whether new ones are inserted."""
    if journal.error:
        return f"▲ {journal.error}" if journal.rows else "▲ query failed"
    if journal.journal_filter is None:
        return ""
    if journal.is_full:
        newest = number_format.format_count(len(journal.rows))
        return f"the newest {newest}: narrow the range for older ones"
    text = number_format.count_noun(len(journal.rows), "entry", "entries")
    if journal.has_more:
        text += ", older below"
    if heading.is_live:
        text += " · live" if journal.is_at_top else " · Home: live"
    return text


def format_entry_time(time: datetime, context: AlarmListContext) -> str:
    """Day and time; for another year with the year, without the seconds."""
    local = time.astimezone(context.zone)
    same = local.year == context.now.astimezone(context.zone).year
    return local.strftime("%d %b %H:%M:%S") if same else local.strftime("%Y-%m-%d %H:%M")


def format_operator(operator: Actor) -> str:
    """'' for an entry of the program itself, whatever database role it had."""
    return sanitize_text(operator.name or operator.os_user)


def _format_priority(entry: JournalEntry, context: AlarmListContext) -> StyledRuns:
    """Without the alarm's colour: the entry is history."""
    mark = format_mark(entry.priority, is_unacknowledged=False).rstrip()
    return [(f" {mark}", TEXT if entry.event in AUDIBLE_EVENTS else DIM)]


def _format_event(entry: JournalEntry, context: AlarmListContext) -> StyledRuns:
    """Bold for an event that sounds, bright for one by an operator."""
    style = LABEL if entry.event in AUDIBLE_EVENTS else STRONG if format_operator(entry.who) else TEXT
    return [(EVENT_LABELS[entry.event], style)]


def _describe_entry(entry: JournalEntry, context: AlarmListContext) -> AlarmLabel:
    return describe_alarm(entry.key, entry.message, context.short_names)


JOURNAL_COLUMNS: tuple[TableColumn[JournalEntry], ...] = (
    TableColumn("Prio", 6, 100, lambda e, f: e.priority.value, format_runs=_format_priority),
    TableColumn("Time", 16, 99, lambda e, f: format_entry_time(e.at, f), lambda e, f: e.at),
    TableColumn("Event", 15, 98, lambda e, f: EVENT_LABELS[e.event], format_runs=_format_event, min_width=12),
    TableColumn("Station", 9, 97, lambda e, f: _describe_entry(e, f).station, max_growth=7,
                all_or_nothing=True, is_name=True, is_station=True),
    TableColumn("Tag", 17, 96, lambda e, f: _describe_entry(e, f).tag, max_growth=15, is_name=True),
    TableColumn("Alarm", 28, 85, lambda e, f: _describe_entry(e, f).text, max_growth=60, min_width=16,
                is_name=True, is_sentence=True),
    TableColumn("Value", 9, 40, lambda e, f: format_alarm_value(e.key.rule, e.value),
                lambda e, f: e.value, align_right=True),
    TableColumn("Limit", 9, 35, lambda e, f: format_alarm_value(e.key.rule, e.limit),
                lambda e, f: e.limit, align_right=True),
    TableColumn("Operator", 9, 90, lambda e, f: format_operator(e.who), style=TEXT),
    TableColumn("Comment", 12, 60, lambda e, f: clean_line(e.comment), style=DIM, max_growth=40),
)  # fmt: skip
