"""The newest doses as a table: live, seeded from the database, each error to be seen at a glance."""

from dataclasses import dataclass, replace

from dosing_tui.console import words
from dosing_tui.console.canvas import Canvas, Rows
from dosing_tui.console.content import Content, age_of_reading
from dosing_tui.console.moment import Moment
from dosing_tui.console.pens import Pen, Tone
from dosing_tui.console.tiles.dose_columns import Facts, columns_for
from dosing_tui.live import Link, Picture
from dosing_tui.plant.readings import Dose

TITLE = "Recent doses"


@dataclass(frozen=True, slots=True)
class Doses:
    doses: tuple[Dose, ...]
    facts: Facts
    first: int = 0
    selected: int | None = None


def content(moment: Moment) -> Content[Doses]:
    picture = moment.picture
    stale = bool(picture.doses) and picture.broker.link is Link.DOWN
    newest = picture.doses[0].received_at if picture.doses else None
    midnight = moment.now.astimezone(moment.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    facts = Facts(moment.zone, midnight, moment.settings.limits.tolerance_g, _stations(picture))
    age = age_of_reading(moment, newest, stale=stale)
    empty = "" if picture.doses else moment.nothing_live("no dose has been reported yet")
    return Content(TITLE, Doses(picture.doses, facts), paint, age=age, stale=stale, empty=empty)


def _stations(picture: Picture) -> tuple[tuple[str, str], ...]:
    names = words.short_names(tuple(dose.device_id for dose in picture.doses))
    return tuple(names.items()) if len(names) > 1 else ()


def scrolled(data: Doses, first: int, selected: int | None, rows: int) -> Doses:
    """The table moved as little as possible so that the selected dose is in sight."""
    count = len(data.doses)
    chosen = None if selected is None or not count else max(0, min(selected, count - 1))
    first = max(0, min(first, count - rows))
    if chosen is not None and rows > 0:
        first = max(chosen - rows + 1, min(first, chosen))
    return replace(data, first=first, selected=chosen)


def visible_rows(height: int) -> int:
    """Doses that fit below the heading."""
    return max(0, height - 1)


def position(data: Doses, height: int) -> str:
    """Which doses are in sight, of how many."""
    last = min(len(data.doses), data.first + visible_rows(height))
    return f"{data.first + 1}–{last} of {len(data.doses)}"


def paint(data: Doses, width: int, height: int) -> Rows:
    canvas = Canvas(width, height)
    columns = columns_for(width, data.facts)
    heading = Pen(Tone.DIM, Tone.BAND)
    canvas.band(0, heading)
    x = 0
    for column in columns:
        canvas.text(x, 0, column.heading(), heading)
        x += column.width + 1
    for number, dose in enumerate(data.doses[data.first : data.first + visible_rows(height)]):
        ground = Tone.SELECT if data.first + number == data.selected else Tone.GROUND
        canvas.band(1 + number, Pen(bg=ground))
        x = 0
        for column in columns:
            canvas.paste(x, 1 + number, column.draw(dose, data.facts, column.width, ground))
            x += column.width + 1
    return canvas.rows
