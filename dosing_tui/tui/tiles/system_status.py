"""The books and the machinery: what became of every reading, who collects, links, log file."""

import os
from collections.abc import Iterator
from dataclasses import dataclass

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.domain.panels.panel_catalog import OVERVIEW
from dosing_tui.live_state import Books, Link, LinkState, Role
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, broken
from dosing_tui.tui.rendering.palette import DIM, HOT, LABEL, TEXT, Pen, Tone
from dosing_tui.tui.scope.render_context import Moment
from dosing_tui.tui.scope.spool_status import SPOOLS
from dosing_tui.tui.tiles.shared.tile_content import Content

TITLE = "Books"
_WRONG = Pen(Tone.ERROR, bold=True)
_ROLES = {
    Role.UNDECIDED: "not decided yet",
    Role.COLLECTING: "collecting: this process writes the site's readings",
    Role.STANDBY: "standby: another process collects, this one takes over when it ends",
    Role.VIEWER: "viewer: this process only shows what it reads",
}


@dataclass(frozen=True, slots=True)
class Line:
    label: str
    value: str
    pen: Pen = TEXT


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Sections:
    left: tuple[Section, ...]
    right: tuple[Section, ...]


def content(moment: Moment, *, log_file: str = "") -> Content[Sections]:
    number = moment.picture.process or os.getpid()
    left = (
        Section(f"Readings of process {number}", tuple(_books(moment.picture.books))),
        Section("Process", tuple(_process(moment, log_file))),
    )
    right = (
        Section("Panels", tuple(_panels(moment))),
        Section("Spools of this site, by the database", tuple(_spools(moment))),
        Section("Stations heard", tuple(_stations(moment))),
    )
    return Content(
        TITLE, Sections(left, right), paint, unit="received = stored + duplicates + spooled + rejected"
    )


def _books(books: Books) -> Iterator[Line]:
    yield Line("received", number_format.count(books.received), HOT)
    yield Line("= stored", number_format.count(books.stored))
    yield Line("+ duplicates", number_format.count(books.duplicates))
    yield Line("+ spooled", number_format.count(books.spooled), HOT if books.spooled else TEXT)
    yield Line("+ rejected", number_format.count(books.rejected), HOT if books.rejected else TEXT)
    yield Line("balanced", "yes" if books.balanced else "■ NO", TEXT if books.balanced else _WRONG)


def _process(moment: Moment, log_file: str) -> Iterator[Line]:
    picture = moment.picture
    yield Line("role", _ROLES[picture.role])
    if picture.notice:
        yield Line("notice", clean_line(picture.notice), HOT)
    yield _link("broker", picture.broker, moment)
    yield _link("database", picture.database, moment)
    last = picture.last_message
    yield Line("last message", "none yet" if last is None else number_format.full_stamp(last, moment.zone))
    yield Line("rate", f"{picture.rate:.1f} messages/s")
    yield Line("time zone", moment.settings.plant.timezone)
    yield Line("log file", log_file or number_format.NOTHING)


def _link(name: str, state: LinkState, moment: Moment) -> Line:
    since = f" since {number_format.stamp(state.since, moment.zone, now=moment.now)}" if state.since else ""
    why = f": {clean_line(state.why)}" if state.why else ""
    return Line(name, f"{state.link.value}{since}{why}", _WRONG if state.link is Link.DOWN else TEXT)


def _panels(moment: Moment) -> Iterator[Line]:
    for panel in OVERVIEW:
        answer = moment.answer(panel)
        when = (
            "no answer yet"
            if answer.at is None
            else number_format.age((moment.now - answer.at).total_seconds())
        )
        trouble = f" · {clean_line(answer.trouble)}" if answer.trouble else ""
        yield Line(panel.id, f"{when}{trouble}", Pen(Tone.WARN) if answer.trouble else TEXT)


def _spools(moment: Moment) -> Iterator[Line]:
    rows = moment.rows(SPOOLS)
    if not rows:
        yield Line("none", moment.nothing_from(SPOOLS, "nothing").replace("\n", ": "), DIM)
    for row in rows:
        age = number_format.age((moment.now - row.updated_at).total_seconds())
        numbers = (
            f"{number_format.count(row.stored)} stored, {row.duplicates} duplicates, {row.rejected} rejected"
        )
        yield Line(row.spool, f"{numbers} · {age}")


def _stations(moment: Moment) -> Iterator[Line]:
    if not moment.picture.devices:
        yield Line("none yet", "")
    for device, heard in moment.picture.devices:
        yield Line(clean_line(device, 28), number_format.age((moment.now - heard).total_seconds()))


def paint(data: Sections, width: int, height: int) -> Rows:
    """Two columns side by side; long sentences are broken, never cut off."""
    canvas = Canvas(width, height)
    middle = width // 2
    _column(canvas, 0, middle - 2, data.left)
    _column(canvas, middle, width - middle, data.right)
    return canvas.rows


def _column(canvas: Canvas, x: int, width: int, sections: tuple[Section, ...]) -> None:
    y = 0
    for section in sections:
        canvas.text(x, y, section.title, LABEL, width=width)
        y += 1
        label_width = min(26, max((len(line.label) for line in section.lines), default=0))
        for line in section.lines:
            canvas.text(x, y, line.label, DIM, width=label_width)
            y = _value(canvas, x + label_width + 2, y, line, width - label_width - 2)
        y += 1


def _value(canvas: Canvas, x: int, y: int, line: Line, width: int) -> int:
    for number, part in enumerate(broken(line.value, width) or [""]):
        canvas.text(x, y + number, part, line.pen, width=width)
    return y + max(1, len(broken(line.value, width)))
