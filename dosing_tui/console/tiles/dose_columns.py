"""The columns of the table of doses: what each says of a dose, and which of them fit."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

from dosing_tui.console import words
from dosing_tui.console.canvas import Canvas, Rows, cells, plain
from dosing_tui.console.charts.bars import leaning_bar
from dosing_tui.console.pens import DIM, HOT, TEXT, Pen, Tone
from dosing_tui.plant.readings import Dose, TimeQuality

REACH_G = 1.0
"""The error that fills one side of the bar."""
WIDE = 110
"""From this width on there is room for whole dates."""


@dataclass(frozen=True, slots=True)
class Facts:
    """What the columns need to know besides the dose."""

    zone: tzinfo
    today: datetime
    """Midnight that began the plant's day: older doses show their day instead of their time."""
    tolerance_g: float
    stations: tuple[tuple[str, str], ...] = ()
    """Station and its short name; none where there is only one."""


Draw = Callable[[Dose, Facts, int, Tone], Rows]
"""One row of cells of the given width, on the given ground."""


@dataclass(frozen=True, slots=True)
class Column:
    title: str
    width: int
    keep: int
    """The column with the lowest number goes first when room is short."""
    draw: Draw
    right: bool = False
    grow: int = 0
    """Cells it may take of the room that is left."""
    least: int = 0
    """Before it goes it may shrink to this; 0 for a column that is whole or not there."""
    scale: bool = False
    """Drawn around a zero in its middle: its width stays odd."""

    def heading(self) -> str:
        """The title, or the signs of the scale, as they stand above the cells."""
        if self.scale:
            side = self.width // 2
            return f"{'−':<{side}}0{'+':>{side}}"
        return self.title.rjust(self.width) if self.right else self.title


def _text(of: Callable[[Dose, Facts], str], pen: Pen = TEXT) -> Draw:
    def draw(dose: Dose, facts: Facts, width: int, ground: Tone) -> Rows:
        canvas = Canvas(width, 1, Pen(bg=ground))
        canvas.text(0, 0, of(dose, facts), pen._replace(bg=ground))
        return canvas.rows

    return draw


def _number(of: Callable[[Dose], str], pen: Pen = TEXT) -> Draw:
    def draw(dose: Dose, facts: Facts, width: int, ground: Tone) -> Rows:
        canvas = Canvas(width, 1, Pen(bg=ground))
        canvas.right(width, 0, of(dose), pen._replace(bg=ground))
        return canvas.rows

    return draw


def _error(dose: Dose, facts: Facts, width: int, ground: Tone) -> Rows:
    """With a mark beside it when out of tolerance: the colour alone does not tell."""
    outside = dose.error_g is not None and abs(dose.error_g) > facts.tolerance_g
    pen = Pen(Tone.WARN, ground, bold=True) if outside else Pen(Tone.HOT, ground)
    canvas = Canvas(width, 1, Pen(bg=ground))
    canvas.right(width - 2, 0, words.signed(dose.error_g), pen)
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


def _station(dose: Dose, facts: Facts) -> str:
    return plain(dict(facts.stations).get(dose.device_id, dose.device_id), 24)


def _mass(value: float | None) -> str:
    return words.NOTHING if value is None else f"{value:.2f}"


def _duration(dose: Dose) -> str:
    return words.NOTHING if dose.duration_ms is None else f"{dose.duration_ms / 1000:.1f}"


_CLOCKS = {
    TimeQuality.DEVICE: "device",
    TimeQuality.UPTIME: "uptime",
    TimeQuality.WINDOW: "off",
    TimeQuality.BACKLOG: "late",
    TimeQuality.RECEIVE: "none",
}
"""How the station's clock is; all but 'device' mean that the time is that of receipt."""

_TIME = Column("Time", 8, 90, _text(_time, DIM))
_DATE = Column("Time", 19, 90, _text(lambda dose, facts: words.full_stamp(dose.time, facts.zone), DIM))
_STATION = Column("Stn", 3, 50, _text(_station))
_BAR = Column("Error", 9, 30, _bar, grow=4, least=5, scale=True)
_COLUMNS = (
    Column("Recipe", 8, 60, _text(lambda dose, facts: plain(dose.recipe, 40)), grow=6),
    Column("Chemical", 8, 80, _text(lambda dose, facts: plain(dose.chemical, 40)), grow=6),
    Column("Pump", 4, 20, _number(lambda dose: str(dose.pump), DIM), right=True),
    Column("Mode", 8, 5, _text(lambda dose, facts: plain(dose.mode, 16), DIM), grow=2),
    Column("Target g", 8, 70, _number(lambda dose: _mass(dose.target_g)), right=True),
    Column("Actual g", 8, 85, _number(lambda dose: _mass(dose.actual_g), HOT), right=True),
    Column("Error g  ", 9, 95, _error, right=True),
    _BAR,
    Column("s", 5, 10, _number(_duration, DIM), right=True),
    Column("Clock", 6, 1, _text(lambda dose, facts: _CLOCKS[dose.time_quality], DIM)),
)


def columns_for(width: int, facts: Facts) -> Sequence[Column]:
    """The columns that fit, the important ones first, widened while there is room, the bar before all."""
    chosen = [_DATE if width >= WIDE else _TIME, *_station_column(facts), *_COLUMNS]
    while len(chosen) > 1 and _needed(chosen) > width:
        least = min(chosen, key=lambda column: column.keep)
        if 0 < least.least < least.width:
            chosen[chosen.index(least)] = replace(least, width=least.least)
        else:
            chosen.remove(least)
    for number in sorted(range(len(chosen)), key=lambda number: not chosen[number].scale):
        column = chosen[number]
        more = min(column.grow, width - _needed(chosen))
        more -= more % 2 if column.scale else 0
        chosen[number] = replace(column, width=column.width + more)
    return chosen


def _station_column(facts: Facts) -> Sequence[Column]:
    if not facts.stations:
        return ()
    longest = max(len(cells(short)) for _, short in facts.stations)
    return (replace(_STATION, grow=max(0, min(14, longest) - _STATION.width)),)


def _needed(columns: Sequence[Column]) -> int:
    return sum(column.width + 1 for column in columns) - 1
