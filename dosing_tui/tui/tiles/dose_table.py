"""The newest doses as a table: live, seeded from the database, each error to be seen at a glance."""

from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from dosing_tui.domain.messages.models import Dose, TimeQuality
from dosing_tui.live_state import Link
from dosing_tui.tui.charts.primitives.bars import leaning_bar
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, cells, plain
from dosing_tui.tui.rendering.data_table import Column, Table
from dosing_tui.tui.rendering.palette import DIM, HOT, Pen, Tone
from dosing_tui.tui.scope.render_context import Moment
from dosing_tui.tui.tiles.shared.tile_content import Content, age_of_reading

REACH_G = 1.0
"""The error that fills one side of the bar."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the columns need to know besides the dose."""

    zone: tzinfo
    today: datetime
    """Midnight that began the plant's day: older doses show their day instead of their time."""
    tolerance_g: float
    stations: tuple[tuple[str, str], ...] = ()
    """Station and its short name; none where there is only one."""


def _error(dose: Dose, facts: Facts, width: int, ground: Tone) -> Rows:
    """With a mark beside it when out of tolerance: the colour alone does not tell."""
    outside = dose.error_g is not None and abs(dose.error_g) > facts.tolerance_g
    pen = Pen(Tone.WARN, ground, bold=True) if outside else Pen(Tone.HOT, ground)
    canvas = Canvas(width, 1, Pen(bg=ground))
    canvas.right(width - 2, 0, number_format.signed(dose.error_g), pen)
    canvas.put(width - 1, 0, "▲" if outside else " ", pen)
    return canvas.rows


def _bar(dose: Dose, facts: Facts, width: int, ground: Tone) -> Rows:
    if dose.error_g is None:
        return Canvas(width, 1, Pen(bg=ground)).rows
    return leaning_bar(dose.error_g, width, reach=REACH_G, limit=facts.tolerance_g, ground=ground)


def _time(dose: Dose, facts: Facts) -> str:
    local = dose.time.astimezone(facts.zone)
    if local >= facts.today:
        return local.strftime("%H:%M:%S")
    return local.strftime("%d %b" if local.year == facts.today.year else "%d.%m.%y")


def _when(dose: Dose, facts: Facts, width: int, ground: Tone) -> Rows:
    """With its day where there is room for it."""
    stamp = number_format.full_stamp(dose.time, facts.zone)
    canvas = Canvas(width, 1, Pen(bg=ground))
    canvas.text(0, 0, stamp if width >= len(stamp) else _time(dose, facts), Pen(Tone.DIM, ground))
    return canvas.rows


def _station(dose: Dose, facts: Facts) -> str:
    return plain(dict(facts.stations).get(dose.device_id, dose.device_id), 24)


def _mass(value: float | None) -> str:
    return number_format.NOTHING if value is None else f"{value:.2f}"


def _seconds(dose: Dose) -> float | None:
    return None if dose.duration_ms is None else dose.duration_ms / 1000


def _duration(dose: Dose) -> str:
    seconds = _seconds(dose)
    return number_format.NOTHING if seconds is None else f"{seconds:.1f}"


_CLOCKS = {
    TimeQuality.DEVICE: "device",
    TimeQuality.UPTIME: "uptime",
    TimeQuality.WINDOW: "off",
    TimeQuality.BACKLOG: "late",
    TimeQuality.RECEIVE: "none",
}
"""How the station's clock is; all but 'device' mean that the time is that of receipt."""

_TIME: Column[Dose] = Column(
    "Time", 8, 90, _time, lambda dose, facts: dose.time, draw=_when, grow=11, snap=True
)
_STATION: Column[Dose] = Column("Stn", 3, 50, _station)
_COLUMNS: tuple[Column[Dose], ...] = (
    Column("Recipe", 8, 60, lambda dose, facts: plain(dose.recipe, 40), grow=6),
    Column("Chemical", 8, 80, lambda dose, facts: plain(dose.chemical, 40), grow=6),
    Column("Pump", 4, 20, lambda dose, facts: str(dose.pump), lambda dose, facts: dose.pump,
           pen=DIM, right=True),
    Column("Mode", 8, 5, lambda dose, facts: plain(dose.mode, 16), pen=DIM, grow=2),
    Column("Target g", 8, 70, lambda dose, facts: _mass(dose.target_g), lambda dose, facts: dose.target_g,
           unit="g", right=True),
    Column("Actual g", 8, 85, lambda dose, facts: _mass(dose.actual_g), lambda dose, facts: dose.actual_g,
           unit="g", pen=HOT, right=True),
    Column("Error g  ", 9, 95, lambda dose, facts: number_format.signed(dose.error_g),
           lambda dose, facts: dose.error_g, unit="g", draw=_error, right=True),
    Column("Error", 9, 30, lambda dose, facts: "", draw=_bar, grow=4, least=5, scale=True),
    Column("s", 5, 10, lambda dose, facts: _duration(dose), lambda dose, facts: _seconds(dose),
           unit="s", pen=DIM, right=True),
    Column("Clock", 6, 1, lambda dose, facts: _CLOCKS[dose.time_quality], pen=DIM),
)  # fmt: skip


def dose_columns(facts: Facts) -> tuple[Column[Dose], ...]:
    return (_TIME, *_station_column(facts), *_COLUMNS)


def _station_column(facts: Facts) -> tuple[Column[Dose], ...]:
    if not facts.stations:
        return ()
    longest = max(len(cells(short)) for _, short in facts.stations)
    return (replace(_STATION, grow=max(0, min(14, longest) - _STATION.width)),)


TITLE = "Recent doses"


def content(moment: Moment) -> Content[Table[Dose]]:
    picture = moment.picture
    doses = moment.doses
    stale = bool(doses) and picture.broker.link is Link.DOWN
    newest = doses[0].received_at if doses else None
    midnight = moment.now.astimezone(moment.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    facts = Facts(moment.zone, midnight, moment.settings.limits.tolerance_g, _stations(doses))
    age = age_of_reading(moment, newest, stale=stale)
    empty = "" if doses else moment.nothing_live("no dose has been reported yet")
    table = Table(doses, dose_columns(facts), facts)
    return Content(TITLE, table, data_table.paint, age=age, stale=stale, empty=empty)


def _stations(doses: tuple[Dose, ...]) -> tuple[tuple[str, str], ...]:
    names = number_format.short_names(tuple(dose.device_id for dose in doses))
    return tuple(names.items()) if len(names) > 1 else ()
