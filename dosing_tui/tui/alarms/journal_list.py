"""The alarm journal as a list: what was read of it, where the operator is in it, how it is drawn. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from dosing_tui.domain.alarms.journal_filter import JournalFilter
from dosing_tui.domain.alarms.models import Entry, Event, Shown, Who
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.alarms.alarm_list import Facts, number
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, plain, sentence
from dosing_tui.tui.rendering.data_table import Column, Reader, Table
from dosing_tui.tui.rendering.palette import DIM, HOT, TEXT, Pen, Tone
from dosing_tui.tui.rendering.priority_style import STATES, mark

PAGE = 200
"""Entries that are read at once."""
MOST = 5_000
"""Entries that are kept: further back a narrower range or a filter leads."""
BAND = 1
"""Rows above the table: what is asked for."""
SOUNDS = frozenset({Event.RAISE, Event.REALARM, Event.ESCALATE})
DONE: Mapping[Event, str] = {
    Event.RAISE: "raised",
    Event.RETURN: "returned",
    Event.ACKNOWLEDGE: "acknowledged",
    Event.RESET: "reset",
    Event.REALARM: "alarmed again",
    Event.ESCALATE: "more urgent",
    Event.SHELVE: "shelved",
    Event.UNSHELVE: "unshelved",
    Event.EXPIRE: "shelving ended",
    Event.SUPPRESS: "suppressed",
    Event.RELEASE: "released",
    Event.REMOVE: "out of service",
    Event.RESTORE: "back in service",
}


@dataclass(frozen=True, slots=True)
class Sieve:
    """Which entries the operator wants; '' and () let everything through."""

    tag: str = ""
    events: tuple[Event, ...] = ()
    user: str = ""
    shown: tuple[Shown, ...] = ()
    """Of alarms that are so now."""

    @property
    def words(self) -> str:
        """
        >>> Sieve("T-12", (Event.RAISE,), "Anna", (Shown.SHELVED,)).words
        'tag T-12 · raised · now shelved · by Anna'
        """
        return " · ".join(
            part for part in (
                f"tag {plain(self.tag)}" if self.tag else "",
                ", ".join(DONE[event] for event in self.events),
                f"now {', '.join(STATES[shown] for shown in self.shown)}" if self.shown else "",
                f"by {plain(self.user)}" if self.user else "",
            ) if part
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class JournalList:
    """``rows`` are the newest first, from the newest of ``asked`` on without a gap."""

    asked: JournalFilter | None = None
    """What the rows answer; None before the first answer."""
    rows: tuple[Entry, ...] = ()
    more: bool = False
    """There are older ones."""
    trouble: str = ""
    """Why there is no newer answer."""
    reader: Reader = field(default_factory=Reader)

    @property
    def at_top(self) -> bool:
        """New entries may come above without moving what is being read."""
        return len(self.rows) <= PAGE and self.reader.first == 0

    @property
    def chosen(self) -> Entry | None:
        return self.rows[data_table.position(self.reader, self.rows)] if self.rows else None

    @property
    def full(self) -> bool:
        return len(self.rows) >= MOST


def filter_of(sieve: Sieve, since: datetime, until: datetime) -> JournalFilter:
    """The newest page."""
    return JournalFilter(since, until, sieve.tag, sieve.events, sieve.user, sieve.shown, most=PAGE)


def older(known: JournalList) -> JournalFilter | None:
    """The page behind the last row; None where there is none."""
    if known.asked is None or not known.rows or not known.more or known.full:
        return None
    last = known.rows[-1]
    return replace(known.asked, until=last.at, before=last.id)


def read_anew(known: JournalList, asked: JournalFilter, entries: Sequence[Entry]) -> JournalList:
    """The newest page has come. The cursor stays on its entry if that is still there."""
    rows = tuple(entries)
    reader = known.reader if known.reader.held in rows else Reader()
    return JournalList(asked, rows, more=len(rows) >= asked.most, reader=reader)


def read_older(known: JournalList, entries: Sequence[Entry]) -> JournalList:
    """A page to put behind the last row."""
    more = len(entries) >= PAGE
    return replace(known, rows=(*known.rows, *entries), more=more, trouble="")


def visible(height: int) -> int:
    """Entries in sight."""
    return max(1, height - BAND - 1)


def moved(known: JournalList, step: int, height: int) -> JournalList:
    reader = data_table.moved(known.reader, known.rows, step)
    return replace(known, reader=data_table.scrolled(reader, known.rows, visible(height)))


def nears_end(known: JournalList, height: int) -> bool:
    """It is time to read on."""
    return known.reader.first + 2 * visible(height) >= len(known.rows)


def build_table(known: JournalList, facts: Facts) -> Table[Entry]:
    return Table(known.rows, COLUMNS, facts)


@dataclass(frozen=True, slots=True)
class Heading:
    """What is asked for, in words. ``live``: new entries come in at the top."""

    range: str = ""
    live: bool = True
    sieve: str = ""


def journal_rows(known: JournalList, heading: Heading, facts: Facts, width: int, height: int) -> Rows:
    canvas = Canvas(width, height)
    _band(canvas, known, heading)
    if known.rows:
        reader = data_table.scrolled(known.reader, known.rows, visible(height))
        canvas.paste(
            0, BAND, data_table.paint(build_table(known, facts), width, height - BAND, reader, select=True)
        )
    else:
        said = known.trouble or _nothing(known, heading)
        canvas.paste(0, BAND, sentence(said, width, min(height - BAND, 9)))
    return canvas.rows


def _nothing(known: JournalList, heading: Heading) -> str:
    if known.asked is None:
        return "Reading the journal …"
    if heading.sieve:
        return f"No entry in this time is of {heading.sieve}."
    return "Nothing happened to any alarm in this time."


def _band(canvas: Canvas, known: JournalList, heading: Heading) -> None:
    pen = Pen(Tone.TEXT, Tone.BAND)
    canvas.band(0, pen)
    right = _extent(known, heading)
    loud = Pen(Tone.WARN, Tone.BAND, bold=True) if known.trouble else Pen(Tone.DIM, Tone.BAND)
    end = canvas.right(canvas.width - 1, 0, right[: canvas.width // 2], loud) if right else canvas.width
    x = canvas.text(1, 0, heading.range, Pen(Tone.HOT, Tone.BAND), width=max(0, end - 2))
    if heading.sieve:
        canvas.text(x, 0, f" · only {heading.sieve}", pen, width=max(0, end - x - 1))


def _extent(known: JournalList, heading: Heading) -> str:
    """How many there are, and whether they follow the clock."""
    if known.trouble:
        return f"▲ {known.trouble}" if known.rows else "▲ not read"
    if known.asked is None:
        return ""
    count = len(known.rows)
    said = f"{number_format.count(count)} entr{'y' if count == 1 else 'ies'}"
    if known.full:
        return f"the newest {number_format.count(count)}: narrow the range for older ones"
    if known.more:
        said += ", older below"
    if heading.live:
        said += " · live" if known.at_top else " · home: live again"
    return said


def when(moment: datetime, facts: Facts) -> str:
    """Day and time; the year instead of the seconds where it is another one."""
    local = moment.astimezone(facts.zone)
    same = local.year == facts.now.astimezone(facts.zone).year
    return local.strftime("%d %b %H:%M:%S") if same else local.strftime("%Y-%m-%d %H:%M")


def by(person: Who) -> str:
    """'' where the program acted by itself, whatever role it had."""
    return plain(person.name or person.os_user)


def _draw_mark(entry: Entry, facts: Facts, width: int, ground: Tone) -> Rows:
    """Without the colour of an alarm: it is the past."""
    canvas = Canvas(width, 1, Pen(bg=ground))
    pen = TEXT if entry.event in SOUNDS else DIM
    canvas.text(1, 0, mark(entry.priority, loud=False), pen._replace(bg=ground))
    return canvas.rows


def _draw_event(entry: Entry, facts: Facts, width: int, ground: Tone) -> Rows:
    canvas = Canvas(width, 1, Pen(bg=ground))
    pen = HOT._replace(bold=True) if entry.event in SOUNDS else HOT if by(entry.who) else TEXT
    canvas.text(0, 0, DONE[entry.event], pen._replace(bg=ground), width=width)
    return canvas.rows


def _said(entry: Entry, facts: Facts) -> str:
    return clean_line(entry.message) or plain(entry.key.tag, 100)


COLUMNS: tuple[Column[Entry], ...] = (
    Column("Pri", 5, 100, lambda e, f: e.priority.value, draw=_draw_mark),
    Column("Time", 16, 99, lambda e, f: when(e.at, f), lambda e, f: e.at),
    Column("Event", 15, 98, lambda e, f: DONE[e.event], draw=_draw_event, least=12),
    Column("Alarm", 30, 97, _said, grow=60, least=20),
    Column("Value", 9, 40, lambda e, f: number(e.value), lambda e, f: e.value, right=True),
    Column("Limit", 9, 35, lambda e, f: number(e.limit), lambda e, f: e.limit, right=True),
    Column("By", 9, 90, lambda e, f: by(e.who), pen=TEXT),
    Column("Comment", 12, 60, lambda e, f: clean_line(e.comment), pen=DIM, grow=40),
)
