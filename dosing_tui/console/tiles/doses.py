"""The newest doses as a table: live, seeded from the database, each error to be seen at a glance."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from dosing_tui.console import words
from dosing_tui.console.canvas import Canvas, Rows, plain
from dosing_tui.console.charts.bars import leaning_bar
from dosing_tui.console.content import Content, age_of_reading
from dosing_tui.console.moment import Moment
from dosing_tui.console.pens import DIM, HOT, LABEL, TEXT, Pen, Tone
from dosing_tui.live import Link
from dosing_tui.plant.readings import Dose

TITLE = "Recent doses"
REACH_G = 1.0
"""The error that fills one side of the bar."""


@dataclass(frozen=True, slots=True)
class Doses:
    doses: tuple[Dose, ...]
    zone: tzinfo
    today: datetime
    """Midnight that began the plant's day: older doses show their day instead of their time."""
    tolerance_g: float
    stations: bool = False
    """More than one station dosed: say which."""
    first: int = 0
    selected: int | None = None


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    width: int
    keep: int
    """The column with the lowest number goes first when room is short."""
    text: Callable[[Dose, Doses], str]
    pen: Pen = TEXT
    right: bool = False
    grow: int = 0
    """Cells it may take of the room that is left."""


def content(moment: Moment) -> Content[Doses]:
    picture = moment.picture
    stale = bool(picture.doses) and picture.broker.link is Link.DOWN
    newest = picture.doses[0].received_at if picture.doses else None
    midnight = moment.now.astimezone(moment.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    data = Doses(
        picture.doses, moment.zone, midnight, moment.settings.limits.tolerance_g,
        stations=len({dose.device_id for dose in picture.doses}) > 1,
    )  # fmt: skip
    return Content(
        TITLE, data, paint, age=age_of_reading(moment, newest, stale=stale), stale=stale,
        empty="" if picture.doses else moment.nothing_live("no dose has been reported yet"),
    )  # fmt: skip


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


def _time(dose: Dose, data: Doses) -> str:
    local = dose.time.astimezone(data.zone)
    if local >= data.today:
        return local.strftime("%H:%M:%S")
    return local.strftime("%d %b" if local.year == data.today.year else "%d.%m.%y")


def _mass(value: float | None) -> str:
    return words.NOTHING if value is None else f"{value:.2f}"


def _duration(dose: Dose, data: Doses) -> str:
    return words.NOTHING if dose.duration_ms is None else f"{dose.duration_ms / 1000:.1f}"


def _station(dose: Dose, data: Doses) -> str:
    names = words.short_names(tuple(other.device_id for other in data.doses))
    return plain(names[dose.device_id], 24)


_TIME = Column("Time", 8, 90, _time, DIM)
_DATE = Column("Time", 19, 90, lambda dose, data: words.full_stamp(dose.time, data.zone), DIM)
_RECIPE = Column("Recipe", 8, 60, lambda dose, data: plain(dose.recipe, 40), grow=6)
_CHEMICAL = Column("Chemical", 8, 80, lambda dose, data: plain(dose.chemical, 40), grow=6)
_ACTUAL = Column("Actual g", 8, 85, lambda dose, data: _mass(dose.actual_g), HOT, right=True)
_ERROR = Column("Error g", 9, 95, lambda dose, data: words.signed(dose.error_g), right=True)
_BAR = Column("", 9, 30, lambda dose, data: "", grow=4)
_STATION = Column("Station", 7, 50, _station, TEXT, grow=10)
_COLUMNS = (
    _STATION,
    _RECIPE,
    _CHEMICAL,
    Column("Pump", 4, 20, lambda dose, data: str(dose.pump), DIM, right=True),
    Column("Mode", 8, 5, lambda dose, data: plain(dose.mode, 16), DIM, grow=2),
    Column("Target g", 8, 70, lambda dose, data: _mass(dose.target_g), right=True),
    _ACTUAL,
    _ERROR,
    _BAR,
    Column("s", 5, 10, _duration, DIM, right=True),
    Column("Time from", 9, 1, lambda dose, data: dose.time_quality.value, DIM, grow=14),
)


def columns_for(width: int, *, stations: bool) -> Sequence[Column]:
    """The columns that fit, the important ones first, widened while there is room."""
    chosen = [column for column in _COLUMNS if stations or column is not _STATION]
    chosen.insert(0, _DATE if width >= 110 else _TIME)
    while chosen and _needed(chosen) > width:
        chosen.remove(min(chosen, key=lambda column: column.keep))
    for number in sorted(range(len(chosen)), key=lambda number: chosen[number].title != ""):
        column = chosen[number]
        more = min(column.grow, width - _needed(chosen))
        # the bar keeps a cell in its middle
        more -= more % 2 if column.title == "" else 0
        chosen[number] = replace(column, width=column.width + more)
    return chosen


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.width + 1 for column in columns) - 1


def paint(data: Doses, width: int, height: int) -> Rows:
    canvas = Canvas(width, height)
    columns = columns_for(width, stations=data.stations)
    _heading(canvas, columns)
    names = words.short_names(tuple(dose.device_id for dose in data.doses)) if data.stations else {}
    shown = data.doses[data.first : data.first + visible_rows(height)]
    for number, dose in enumerate(shown):
        selected = data.first + number == data.selected
        _row(canvas, 1 + number, dose, data, columns, Tone.SELECT if selected else Tone.GROUND, names)
    return canvas.rows


def _heading(canvas: Canvas, columns: Sequence[Column]) -> None:
    canvas.band(0, Pen(bg=Tone.BAND))
    pen = Pen(Tone.DIM, Tone.BAND)
    x = 0
    for column in columns:
        title = column.title
        if column.title == "":
            canvas.text(x, 0, "−".ljust(column.width // 2) + "0" + "+".rjust(column.width // 2), pen)
        elif column.right:
            # the numbers of the error column leave two cells for the mark
            canvas.right(x + column.width - (2 if column.title == _ERROR.title else 0), 0, title, pen)
        else:
            canvas.text(x, 0, title, pen, width=column.width)
        x += column.width + 1


def _row(
    canvas: Canvas, y: int, dose: Dose, data: Doses, columns: Sequence[Column], ground: Tone,
    names: dict[str, str],
) -> None:  # fmt: skip
    canvas.band(y, Pen(bg=ground))
    outside = dose.error_g is not None and abs(dose.error_g) > data.tolerance_g
    x = 0
    for column in columns:
        pen = column.pen._replace(bg=ground)
        if column.title == _ERROR.title:
            _error(canvas, x, y, column, dose, outside, ground)
        elif column.title == "":
            if dose.error_g is not None:
                bar = leaning_bar(dose.error_g, column.width, reach=REACH_G, limit=data.tolerance_g,
                                  ground=ground)  # fmt: skip
                canvas.paste(x, y, bar)
        elif column.title == _STATION.title:
            canvas.text(x, y, plain(names.get(dose.device_id, dose.device_id), 24), pen, width=column.width)
        elif column.right:
            canvas.right(x + column.width, y, column.text(dose, data), pen)
        else:
            canvas.text(x, y, column.text(dose, data), pen, width=column.width)
        x += column.width + 1


def _error(canvas: Canvas, x: int, y: int, column: Column, dose: Dose, outside: bool, ground: Tone) -> None:
    pen = Pen(Tone.WARN, ground, bold=True) if outside else LABEL._replace(bg=ground, bold=False)
    canvas.right(x + column.width - 2, y, words.signed(dose.error_g), pen)
    if outside:
        canvas.put(x + column.width - 1, y, "▲", pen)
