"""How full each tank is: from messages, so that it moves while the database is away."""

from dataclasses import dataclass

from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.messages.tank_level import Band, band
from dosing_tui.live_state import Link
from dosing_tui.tui.charts.primitives.gauge import gauge, thin_gauge
from dosing_tui.tui.rendering import number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, plain
from dosing_tui.tui.rendering.palette import DIM, HOT, LABEL, TEXT, Pen, Tone
from dosing_tui.tui.scope.render_context import Moment
from dosing_tui.tui.tiles.shared.tile_content import Content, age_of_reading

TITLE = "Inventory"
MARKS = {Band.LOW: "■", Band.WARN: "▲", Band.NORMAL: " ", Band.UNKNOWN: "?"}
TONES = {Band.LOW: Tone.ERROR, Band.WARN: Tone.WARN, Band.NORMAL: Tone.BAR, Band.UNKNOWN: Tone.BAR}
_URGENCY = (Band.LOW, Band.WARN, Band.UNKNOWN, Band.NORMAL)


@dataclass(frozen=True, slots=True)
class Tank:
    name: str
    band: Band
    percent: float | None
    remaining_g: float | None
    capacity_g: float | None
    age: str


@dataclass(frozen=True, slots=True)
class Tanks:
    tanks: tuple[Tank, ...]
    limits: tuple[float, float]
    mass: number_format.Mass


def content(moment: Moment) -> Content[Tanks]:
    picture, limits = moment.picture, moment.settings.limits
    levels = moment.levels
    names = number_format.short_names(tuple(level.device_id for level in levels))
    tanks = tuple(_tank(moment, level, names) for level in levels)
    stale = bool(tanks) and picture.broker.link is Link.DOWN
    newest = max((level.received_at for level in levels), default=None)
    low, warn = limits.stock_low_percent, limits.stock_warn_percent
    largest = max((level.capacity_g or level.remaining_g or 0 for level in levels), default=0.0)
    return Content(
        TITLE,
        Tanks(tanks, (low, warn), number_format.mass_for(largest)),
        paint,
        unit=f"limits {low:g} / {warn:g} %",
        age=age_of_reading(moment, newest, stale=stale),
        stale=stale,
        empty="" if tanks else moment.nothing_live("no level has been reported yet"),
    )


def _tank(moment: Moment, level: InventoryLevel, names: dict[str, str]) -> Tank:
    limits = moment.settings.limits
    device = f"{plain(names[level.device_id], 12)} " if len(names) > 1 else ""
    return Tank(
        name=device + plain(level.chemical, 24),
        band=band(level.percent_full, limits.stock_low_percent, limits.stock_warn_percent),
        percent=level.percent_full, remaining_g=level.remaining_g, capacity_g=level.capacity_g,
        age=_age((moment.now - level.received_at).total_seconds()),
    )  # fmt: skip


def _age(seconds: float) -> str:
    """Only a tank that has said nothing for a while is worth a word of its own."""
    return f"{number_format.age(seconds)} ago" if seconds >= 60 else ""


def paint(data: Tanks, width: int, height: int) -> Rows:
    """Three, two or one row for each tank; where even that is too much, the abnormal ones first."""
    canvas = Canvas(width, height)
    count = len(data.tanks)
    rows_each = max(1, min(3, height // max(1, count)))
    shown = data.tanks
    if count > height:
        shown = tuple(sorted(data.tanks, key=lambda tank: _URGENCY.index(tank.band)))[: height - 1]
        canvas.text(2, height - 1, f"{count - len(shown)} more: enter shows all", DIM)
    name_width = max((len(tank.name) for tank in shown), default=0)
    masses = all(_fits_with_mass(canvas.width, tank, data) for tank in shown)
    for number, tank in enumerate(shown):
        y = number * rows_each
        if rows_each == 1:
            _one_row(canvas, y, tank, data, min(name_width, width // 2 - 4))
        else:
            _tall(canvas, y, tank, data, rows_each, mass=masses)
    return canvas.rows


def _pens(tank: Tank) -> tuple[Pen, Pen]:
    """For the name and for the percentage."""
    if tank.band in (Band.LOW, Band.WARN):
        return LABEL, Pen(TONES[tank.band], bold=True)
    return TEXT, HOT


def _percent(tank: Tank) -> str:
    return (
        f"{number_format.NOTHING} %"
        if tank.percent is None
        else f"{number_format.down_to_tenths(tank.percent):.1f} %"
    )


def _mark(canvas: Canvas, y: int, tank: Tank) -> None:
    canvas.put(0, y, MARKS[tank.band], Pen(TONES[tank.band], bold=True))


def _fits_with_mass(width: int, tank: Tank, data: Tanks) -> bool:
    """A tank's name is worth more than its mass: the bar and the percentage say how much is left."""
    return (
        2 + len(tank.name) + 1 + len(data.mass.words(tank.remaining_g)) + len(f"{_percent(tank):>9}") <= width
    )


def _tall(canvas: Canvas, y: int, tank: Tank, data: Tanks, rows: int, *, mass: bool) -> None:
    name, number = _pens(tank)
    _mark(canvas, y, tank)
    left = canvas.right(canvas.width, y, f"{_percent(tank):>9}", number)
    if mass:
        left = canvas.right(left, y, data.mass.words(tank.remaining_g), DIM if rows == 3 else TEXT)
    canvas.text(2, y, tank.name, name, width=left - 3)
    bar = gauge(tank.percent, canvas.width - 2, tone=TONES[tank.band], limits=data.limits)
    canvas.paste(2, y + 1, bar)
    if rows == 3:
        canvas.text(2, y + 2, f"of {data.mass.words(tank.capacity_g)}", DIM)
        canvas.right(canvas.width, y + 2, tank.age, DIM)


def _one_row(canvas: Canvas, y: int, tank: Tank, data: Tanks, name_width: int) -> None:
    name, number = _pens(tank)
    _mark(canvas, y, tank)
    canvas.text(2, y, tank.name, name, width=name_width)
    end = canvas.right(canvas.width, y, f"{_percent(tank):>8}", number)
    if canvas.width >= 36 + name_width:
        end = canvas.right(end, y, f"{data.mass.words(tank.remaining_g):>10}", DIM)
    start = 2 + name_width + 1
    if end - start >= 4:
        bar = thin_gauge(tank.percent, end - start, tone=TONES[tank.band], limits=data.limits)
        canvas.paste(start, y, bar)
