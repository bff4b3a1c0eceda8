"""The alarm journal as a list: what was read of it, where the operator is in it, how it is drawn. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dosing_tui.domain.alarms.journal_filter import JournalFilter
from dosing_tui.domain.alarms.models import Actor, AlarmEvent, AlarmStateName, JournalEntry
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.alarms.alarm_list import AlarmListContext, format_number
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, render_paragraph, sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableCursor, TableData
from dosing_tui.tui.rendering.palette import DIM, STRONG, TEXT, CellStyle, ColourRole
from dosing_tui.tui.rendering.priority_style import STATE_LABELS, format_mark

PAGE_SIZE = 200
"""Entries that are read at once."""
MAX_ENTRIES = 5_000
"""Entries that are kept: further back a narrower range or a filter leads."""
HEADING_ROWS = 1
"""Rows above the table: what is asked for."""
AUDIBLE_EVENTS = frozenset({AlarmEvent.RAISE, AlarmEvent.REALARM, AlarmEvent.ESCALATE})
EVENT_LABELS: Mapping[AlarmEvent, str] = {
    AlarmEvent.RAISE: "raised",
    AlarmEvent.RETURN: "returned",
    AlarmEvent.ACKNOWLEDGE: "acknowledged",
    AlarmEvent.RESET: "reset",
    AlarmEvent.REALARM: "alarmed again",
    AlarmEvent.ESCALATE: "more urgent",
    AlarmEvent.SHELVE: "shelved",
    AlarmEvent.UNSHELVE: "unshelved",
    AlarmEvent.SHELVE_EXPIRE: "shelving ended",
    AlarmEvent.SUPPRESS: "suppressed",
    AlarmEvent.UNSUPPRESS: "released",
    AlarmEvent.REMOVE_FROM_SERVICE: "out of service",
    AlarmEvent.RETURN_TO_SERVICE: "back in service",
}


@dataclass(frozen=True, slots=True)
class JournalFilterForm:
    """Which entries the operator wants; '' and () let everything through."""

    tag: str = ""
    events: tuple[AlarmEvent, ...] = ()
    user: str = ""
    states: tuple[AlarmStateName, ...] = ()
    """Of alarms that are so now."""

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


@dataclass(frozen=True, slots=True)
class JournalList:
    """``rows`` are the newest first, from the newest of ``journal_filter`` on without a gap."""

    journal_filter: JournalFilter | None = None
    """What the rows answer; None before the first answer."""
    rows: tuple[JournalEntry, ...] = ()
    has_more: bool = False
    """There are older ones."""
    error: str = ""
    """Why there is no newer answer."""
    cursor: TableCursor = field(default_factory=TableCursor)

    @property
    def is_at_top(self) -> bool:
        """New entries may come above without moving what is being read."""
        return len(self.rows) <= PAGE_SIZE and self.cursor.first_row == 0

    @property
    def selected_entry(self) -> JournalEntry | None:
        return self.rows[data_table.find_cursor_row(self.cursor, self.rows)] if self.rows else None

    @property
    def is_full(self) -> bool:
        return len(self.rows) >= MAX_ENTRIES


def build_journal_filter(form: JournalFilterForm, since: datetime, until: datetime) -> JournalFilter:
    """The newest page."""
    return JournalFilter(since, until, form.tag, form.events, form.user, form.states, max_entries=PAGE_SIZE)


def build_older_filter(journal: JournalList) -> JournalFilter | None:
    """The page behind the last row; None where there is none."""
    if journal.journal_filter is None or not journal.rows or not journal.has_more or journal.is_full:
        return None
    last = journal.rows[-1]
    return replace(journal.journal_filter, until=last.at, before_id=last.id)


def replace_entries(
    journal: JournalList, journal_filter: JournalFilter, entries: Sequence[JournalEntry]
) -> JournalList:
    """The newest page has come. The cursor stays on its entry if that is still there."""
    rows = tuple(entries)
    reader = journal.cursor if journal.cursor.selected_row in rows else TableCursor()
    return JournalList(journal_filter, rows, has_more=len(rows) >= journal_filter.max_entries, cursor=reader)


def append_entries(journal: JournalList, entries: Sequence[JournalEntry]) -> JournalList:
    """A page to put behind the last row."""
    more = len(entries) >= PAGE_SIZE
    return replace(journal, rows=(*journal.rows, *entries), has_more=more, error="")


def count_visible_entries(height: int) -> int:
    """Entries in sight."""
    return max(1, height - HEADING_ROWS - 1)


def move_cursor(journal: JournalList, step: int, height: int) -> JournalList:
    reader = data_table.move_cursor(journal.cursor, journal.rows, step)
    return replace(
        journal, cursor=data_table.scroll_to_cursor(reader, journal.rows, count_visible_entries(height))
    )


def is_near_end(journal: JournalList, height: int) -> bool:
    """It is time to read on."""
    return journal.cursor.first_row + 2 * count_visible_entries(height) >= len(journal.rows)


def build_table(known: JournalList, facts: AlarmListContext) -> TableData[JournalEntry]:
    return TableData(known.rows, JOURNAL_COLUMNS, facts)


@dataclass(frozen=True, slots=True)
class JournalHeading:
    """What is asked for, in words. ``is_live``: new entries come in at the top."""

    range: str = ""
    is_live: bool = True
    filter_text: str = ""


def render_journal(
    journal: JournalList, heading: JournalHeading, context: AlarmListContext, width: int, height: int
) -> Rows:
    canvas = Canvas(width, height)
    _draw_heading(canvas, journal, heading)
    if journal.rows:
        reader = data_table.scroll_to_cursor(journal.cursor, journal.rows, count_visible_entries(height))
        canvas.paste_rows(
            0,
            HEADING_ROWS,
            data_table.paint_table(
                build_table(journal, context), width, height - HEADING_ROWS, reader, highlight_row=True
            ),
        )
    else:
        said = journal.error or _explain_empty_list(journal, heading)
        canvas.paste_rows(0, HEADING_ROWS, render_paragraph(said, width, min(height - HEADING_ROWS, 9)))
    return canvas.rows


def _explain_empty_list(journal: JournalList, heading: JournalHeading) -> str:
    if journal.journal_filter is None:
        return "Reading the journal …"
    if heading.filter_text:
        return f"No entry in this time is of {heading.filter_text}."
    return "Nothing happened to any alarm in this time."


def _draw_heading(canvas: Canvas, journal: JournalList, heading: JournalHeading) -> None:
    pen = CellStyle(ColourRole.TEXT, ColourRole.BAR_BACKGROUND)
    canvas.fill_row(0, pen)
    right = _format_extent(journal, heading)
    loud = (
        CellStyle(ColourRole.WARN, ColourRole.BAR_BACKGROUND, bold=True)
        if journal.error
        else CellStyle(ColourRole.DIM, ColourRole.BAR_BACKGROUND)
    )
    end = canvas.write_right(canvas.width - 1, 0, right[: canvas.width // 2], loud) if right else canvas.width
    x = canvas.write_text(
        1, 0, heading.range, CellStyle(ColourRole.STRONG, ColourRole.BAR_BACKGROUND), width=max(0, end - 2)
    )
    if heading.filter_text:
        canvas.write_text(x, 0, f" · only {heading.filter_text}", pen, width=max(0, end - x - 1))


def _format_extent(journal: JournalList, heading: JournalHeading) -> str:
    """How many there are, and whether they follow the clock."""
    if journal.error:
        return f"▲ {journal.error}" if journal.rows else "▲ not read"
    if journal.journal_filter is None:
        return ""
    count = len(journal.rows)
    said = f"{number_format.format_count(count)} entr{'y' if count == 1 else 'ies'}"
    if journal.is_full:
        return f"the newest {number_format.format_count(count)}: narrow the range for older ones"
    if journal.has_more:
        said += ", older below"
    if heading.is_live:
        said += " · live" if journal.is_at_top else " · home: live again"
    return said


def format_entry_time(time: datetime, context: AlarmListContext) -> str:
    """Day and time; the year instead of the seconds where it is another one."""
    local = time.astimezone(context.zone)
    same = local.year == context.now.astimezone(context.zone).year
    return local.strftime("%d %b %H:%M:%S") if same else local.strftime("%Y-%m-%d %H:%M")


def format_operator(operator: Actor) -> str:
    """'' where the program acted by itself, whatever role it had."""
    return sanitize_text(operator.name or operator.os_user)


def _draw_priority(
    entry: JournalEntry, context: AlarmListContext, width: int, background: ColourRole
) -> Rows:
    """Without the colour of an alarm: it is the past."""
    canvas = Canvas(width, 1, CellStyle(bg=background))
    pen = TEXT if entry.event in AUDIBLE_EVENTS else DIM
    canvas.write_text(1, 0, format_mark(entry.priority, is_unacknowledged=False), pen._replace(bg=background))
    return canvas.rows


def _draw_event(entry: JournalEntry, context: AlarmListContext, width: int, background: ColourRole) -> Rows:
    canvas = Canvas(width, 1, CellStyle(bg=background))
    pen = (
        STRONG._replace(bold=True)
        if entry.event in AUDIBLE_EVENTS
        else STRONG
        if format_operator(entry.who)
        else TEXT
    )
    canvas.write_text(0, 0, EVENT_LABELS[entry.event], pen._replace(bg=background), width=width)
    return canvas.rows


def _format_message(entry: JournalEntry, context: AlarmListContext) -> str:
    return clean_line(entry.message) or sanitize_text(entry.key.tag, 100)


JOURNAL_COLUMNS: tuple[TableColumn[JournalEntry], ...] = (
    TableColumn("Pri", 5, 100, lambda e, f: e.priority.value, draw_cell=_draw_priority),
    TableColumn("Time", 16, 99, lambda e, f: format_entry_time(e.at, f), lambda e, f: e.at),
    TableColumn("Event", 15, 98, lambda e, f: EVENT_LABELS[e.event], draw_cell=_draw_event, min_width=12),
    TableColumn("Alarm", 30, 97, _format_message, max_growth=60, min_width=20),
    TableColumn("Value", 9, 40, lambda e, f: format_number(e.value), lambda e, f: e.value, align_right=True),
    TableColumn("Limit", 9, 35, lambda e, f: format_number(e.limit), lambda e, f: e.limit, align_right=True),
    TableColumn("By", 9, 90, lambda e, f: format_operator(e.who), style=TEXT),
    TableColumn("Comment", 12, 60, lambda e, f: clean_line(e.comment), style=DIM, max_growth=40),
)
