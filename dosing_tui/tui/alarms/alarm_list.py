"""The lists of alarms: which rows there are, where the operator is in them, and how they are drawn. Pure."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, tzinfo
from enum import StrEnum
from typing import Any

from dosing_tui.domain.alarms.models import UNACKNOWLEDGED, AlarmKey, Who
from dosing_tui.domain.alarms.snapshot import AlarmPicture, AlarmView
from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, plain
from dosing_tui.tui.rendering.data_table import Column, Reader, Table, paint
from dosing_tui.tui.rendering.palette import DIM, HOT, TEXT, Pen, Tone
from dosing_tui.tui.rendering.priority_style import MARKS, STATES, mark, mark_pen

UNKNOWN = AlarmPicture(at=datetime.min.replace(tzinfo=UTC))
"""Before the first look."""


class Tab(StrEnum):
    ALARMS = "Alarms"
    SHELVED = "Shelved"
    SUPPRESSED = "Suppressed"
    OUT_OF_SERVICE = "Out of service"
    JOURNAL = "Journal"
    """What happened to the alarms, read from the database."""
    HEALTH = "Health"
    """No list, but figures from the journal."""


UNCOUNTED = frozenset({Tab.JOURNAL, Tab.HEALTH})
"""They are no lists of alarms."""


_NARROW = {Tab.SUPPRESSED: "Suppr.", Tab.OUT_OF_SERVICE: "Out"}
"""Names for a narrow window: there has to be room for a journal that is away."""
NOTHING = {
    Tab.ALARMS: "No alarm: nothing is abnormal, and nothing waits to be acknowledged.",
    Tab.SHELVED: "No alarm is shelved.",
    Tab.SUPPRESSED: "No alarm is suppressed by design.",
    Tab.OUT_OF_SERVICE: "No alarm is out of service.",
}


@dataclass(frozen=True, slots=True)
class Facts:
    now: datetime
    zone: tzinfo


@dataclass(frozen=True, slots=True)
class Browsing:
    """``held`` is the alarm the cursor is on: whatever comes above it, the keys stay about this one."""

    tab: Tab = Tab.ALARMS
    held: AlarmKey | None = None
    row: int = 0
    first: int = 0


def listed(picture: AlarmPicture, tab: Tab) -> tuple[AlarmView, ...]:
    match tab:
        case Tab.ALARMS:
            return picture.listed
        case Tab.SHELVED:
            return picture.shelved
        case Tab.SUPPRESSED:
            return picture.suppressed
        case Tab.OUT_OF_SERVICE:
            return picture.out_of_service
        case Tab.JOURNAL | Tab.HEALTH:
            return ()


def settled(browsing: Browsing, picture: AlarmPicture, visible: int) -> Browsing:
    """On an alarm that there is: the same, or the one that took its row; scrolled so that it is in sight."""
    views = listed(picture, browsing.tab)
    keys = [view.state.key for view in views]
    if not keys:
        return replace(browsing, held=None, row=0, first=0)
    row = keys.index(browsing.held) if browsing.held in keys else min(browsing.row, len(keys) - 1)
    first = max(0, min(browsing.first, len(keys) - visible))
    first = max(row - visible + 1, min(first, row))
    return replace(browsing, held=keys[row], row=row, first=first)


def moved(browsing: Browsing, picture: AlarmPicture, step: int, visible: int) -> Browsing:
    """The cursor so many rows further down, or up."""
    last = max(0, len(listed(picture, browsing.tab)) - 1)
    row = max(0, min(browsing.row + step, last))
    return settled(replace(browsing, held=None, row=row), picture, visible)


def turned(browsing: Browsing, step: int) -> Browsing:
    """To the tab beside this one."""
    tabs = list(Tab)
    return Browsing(tabs[(tabs.index(browsing.tab) + step) % len(tabs)])


def chosen(browsing: Browsing, picture: AlarmPicture) -> AlarmView | None:
    """The alarm under the cursor."""
    return next((v for v in listed(picture, browsing.tab) if v.state.key == browsing.held), None)


def in_sight(browsing: Browsing, picture: AlarmPicture, visible: int) -> tuple[AlarmView, ...]:
    """The unacknowledged alarms among the rows in sight."""
    rows = listed(picture, browsing.tab)[browsing.first : browsing.first + visible]
    return tuple(view for view in rows if view.state.shown in UNACKNOWLEDGED)


def tabs_row(browsing: Browsing, picture: AlarmPicture, width: int) -> Rows:
    canvas = Canvas(width, 1, Pen(Tone.DIM, Tone.BAND))
    x = 1
    for tab in Tab:
        here = tab is browsing.tab
        count = "" if tab in UNCOUNTED else f" {len(listed(picture, tab))}"
        name = tab.value if width >= 100 else _NARROW.get(tab, tab.value)
        text = f" {name}{count} "
        x = canvas.text(x, 0, text, Pen(Tone.HOT, Tone.SELECT, bold=True) if here else _TAB) + 1
    if not picture.journal:
        said = f"journal away: {_SEEN[picture.pending > 0]}" if width >= 120 else "journal away"
        canvas.right(width - 1, 0, said, Pen(Tone.WARN, Tone.BAND, bold=True))
    return canvas.rows


def list_table(browsing: Browsing, picture: AlarmPicture, facts: Facts) -> Table[AlarmView]:
    columns = _COLUMNS.get(browsing.tab, _HIDDEN)
    return Table(listed(picture, browsing.tab), columns, facts)


def list_rows(browsing: Browsing, picture: AlarmPicture, facts: Facts, width: int, height: int) -> Rows:
    """The heading, and the alarms from ``browsing.first`` on."""
    table = list_table(browsing, picture, facts)
    if not table.rows:
        canvas = Canvas(width, height)
        canvas.text(2, 1, NOTHING[browsing.tab], DIM)
        return canvas.rows
    held = chosen(browsing, picture)
    return paint(table, width, height, Reader(held=held, first=browsing.first), select=True)


def who(person: Who) -> str:
    """The name somebody gave, else the account.

    >>> who(Who("", "pi"))
    'pi'
    """
    return plain(person.name or person.os_user or person.role)


def number(value: float | None) -> str:
    return number_format.NOTHING if value is None else f"{value:,.2f}".replace(",", " ")


def left(until: datetime | None, now: datetime) -> str:
    """How long shelving lasts: 25 min, 3 h 05."""
    if until is None:
        return ""
    minutes = max(0, -int((now - until).total_seconds() // 60))
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60:02}"


def _draw_mark(view: AlarmView, facts: Facts, width: int, ground: Tone) -> Rows:
    canvas = Canvas(width, 1, Pen(bg=ground))
    loud = view.state.shown in UNACKNOWLEDGED
    canvas.text(0, 0, f" {mark(view.state.priority, loud=loud)} ", mark_pen(view.state, ground))
    return canvas.rows


def _draw_message(view: AlarmView, facts: Facts, width: int, ground: Tone) -> Rows:
    canvas = Canvas(width, 1, Pen(bg=ground))
    pen = HOT._replace(bold=True) if view.state.shown in UNACKNOWLEDGED else TEXT
    canvas.text(0, 0, _message(view, facts), pen._replace(bg=ground))
    return canvas.rows


def _message(view: AlarmView, facts: Facts) -> str:
    text = clean_line(view.message) or plain(view.state.key.tag)
    return f"first · {text}" if view.first_out else text


def _at(moment: datetime | None, facts: Facts) -> str:
    return number_format.NOTHING if moment is None else number_format.stamp(moment, facts.zone, now=facts.now)


def _of_hiding(said: Callable[[Any, Facts], str]) -> Callable[[AlarmView, Facts], str]:
    """Of what hides the alarm; '' where nothing does."""
    return lambda view, facts: "" if view.state.hiding is None else said(view.state.hiding, facts)


_PRIORITY: Column[AlarmView] = Column(
    "Pri", 5, 100, lambda v, f: MARKS[v.state.priority].letter, draw=_draw_mark
)
_MESSAGE: Column[AlarmView] = Column("Alarm", 30, 99, _message, draw=_draw_message, grow=200, least=20)
_SEEN = {False: "others do not see this", True: "others see this later"}
_TAB = Pen(Tone.TEXT, Tone.BAND)
_HOLDS = {True: "abnormal", False: "normal", None: number_format.NOTHING}
_LISTED: tuple[Column[AlarmView], ...] = (
    _PRIORITY,
    Column("State", 14, 90, lambda v, f: STATES[v.state.shown]),
    Column("Since", 8, 95, lambda v, f: _at(v.state.raised_at, f), lambda v, f: v.state.raised_at),
    _MESSAGE,
    Column("Value", 10, 60, lambda v, f: number(v.value), lambda v, f: v.value, right=True),
    Column("Limit", 10, 55, lambda v, f: number(v.limit), lambda v, f: v.limit, right=True),
    Column("Times", 5, 40, lambda v, f: str(v.state.count), lambda v, f: v.state.count, right=True),
    Column("By", 10, 30, lambda v, f: who(v.state.acked_by), pen=DIM),
)
_HIDDEN: tuple[Column[AlarmView], ...] = (
    _PRIORITY,
    Column("Now", 8, 60, lambda v, f: _HOLDS[v.holds]),
    Column("Since", 8, 80, _of_hiding(lambda h, f: _at(h.since, f))),
    Column("Left", 8, 90, _of_hiding(lambda h, f: left(h.until, f.now))),
    _MESSAGE,
    Column("Why", 20, 70, _of_hiding(lambda h, f: clean_line(h.why)), grow=20),
    Column("By", 10, 50, _of_hiding(lambda h, f: who(h.who)), pen=DIM),
)
_SUPPRESSED: tuple[Column[AlarmView], ...] = (
    *_HIDDEN[:3],
    _MESSAGE,
    Column("Why", 43, 70, _of_hiding(lambda h, f: clean_line(h.why)), least=23),
)
"""By nobody, and with no end: there is room for the reason."""
_COLUMNS = {Tab.ALARMS: _LISTED, Tab.SUPPRESSED: _SUPPRESSED}
