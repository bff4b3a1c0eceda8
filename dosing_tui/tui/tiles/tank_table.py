"""What each tank holds, as a table: from messages, so that it moves while the database is away."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.messages.tank_level import Band, band
from dosing_tui.live_state import Link
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, plain
from dosing_tui.tui.rendering.data_table import Column, Table
from dosing_tui.tui.rendering.palette import DIM, HOT, Pen, Tone
from dosing_tui.tui.scope.render_context import Moment
from dosing_tui.tui.tiles.inventory import MARKS, TONES
from dosing_tui.tui.tiles.shared.tile_content import Content, age_of_reading

TITLE = "Tank levels"


@dataclass(frozen=True, slots=True)
class Facts:
    now: datetime
    """To the minute: ages are told in steps."""
    zone: tzinfo
    names: tuple[tuple[str, str], ...]
    mass: number_format.Mass
    limits: tuple[float, float]


def content(moment: Moment) -> Content[Table[InventoryLevel]]:
    picture, limits = moment.picture, moment.settings.limits
    levels = moment.levels
    stale = bool(levels) and picture.broker.link is Link.DOWN
    newest = max((level.received_at for level in levels), default=None)
    names = number_format.short_names(tuple(level.device_id for level in levels))
    largest = max((level.capacity_g or level.remaining_g or 0 for level in levels), default=0.0)
    facts = Facts(
        moment.now.replace(second=0, microsecond=0), moment.zone, tuple(names.items()),
        number_format.mass_for(largest), (limits.stock_low_percent, limits.stock_warn_percent),
    )  # fmt: skip
    empty = "" if levels else moment.nothing_live("no level has been reported yet")
    return Content(
        TITLE, Table(levels, COLUMNS, facts), data_table.paint, unit=facts.mass.unit,
        age=age_of_reading(moment, newest, stale=stale), stale=stale, empty=empty,
    )  # fmt: skip


def _band(level: InventoryLevel, facts: Facts) -> Band:
    return band(level.percent_full, *facts.limits)


def _percent(level: InventoryLevel, facts: Facts, width: int, ground: Tone) -> Rows:
    """With the shape of its band: the colour alone does not tell."""
    found = _band(level, facts)
    abnormal = found in (Band.LOW, Band.WARN)
    pen = Pen(TONES[found], ground, bold=True) if abnormal else Pen(Tone.HOT, ground)
    canvas = Canvas(width, 1, Pen(bg=ground))
    canvas.right(width - 2, 0, _said_percent(level), pen)
    canvas.put(width - 1, 0, MARKS[found], pen)
    return canvas.rows


def _said_percent(level: InventoryLevel) -> str:
    percent = level.percent_full
    return number_format.NOTHING if percent is None else f"{number_format.down_to_tenths(percent):.1f}"


def _used(level: InventoryLevel) -> float | None:
    if level.capacity_g is None or level.remaining_g is None:
        return None
    return level.capacity_g - level.remaining_g


def _age(level: InventoryLevel, facts: Facts) -> str:
    return number_format.age((facts.now - level.received_at).total_seconds())


COLUMNS: tuple[Column[InventoryLevel], ...] = (
    Column("Station", 8, 80, lambda level, facts: plain(dict(facts.names)[level.device_id], 24), pen=DIM,
           grow=12),
    Column("Chemical", 8, 100, lambda level, facts: plain(level.chemical, 24), grow=12),
    Column("Left", 8, 90, lambda level, facts: facts.mass.number(level.remaining_g),
           lambda level, facts: level.remaining_g, unit="g", pen=HOT, right=True, grow=2),
    Column("Capacity", 9, 60, lambda level, facts: facts.mass.number(level.capacity_g),
           lambda level, facts: level.capacity_g, unit="g", pen=DIM, right=True, grow=2),
    Column("Used", 8, 40, lambda level, facts: facts.mass.number(_used(level)),
           lambda level, facts: _used(level), unit="g", right=True, grow=2),
    Column("Full %  ", 9, 95, lambda level, facts: _said_percent(level),
           lambda level, facts: level.percent_full, unit="%", draw=_percent, right=True),
    Column("Told", 8, 50, _age, lambda level, facts: level.received_at, pen=DIM, right=True),
)  # fmt: skip
