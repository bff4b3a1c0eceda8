"""What each tank holds, as a table: from messages, so that it moves while the database is away."""

from dataclasses import dataclass
from datetime import datetime, tzinfo

from dosing_tui.domain.messages.models import InventoryLevel
from dosing_tui.domain.messages.tank_level import LevelBand, classify_level
from dosing_tui.live_state import LinkStatus
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableData
from dosing_tui.tui.rendering.palette import DIM, STRONG, CellStyle, ColourRole
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.inventory import BAND_COLOURS, BAND_MARKS
from dosing_tui.tui.tiles.shared.tile_content import TileContent, format_reading_age

TITLE = "Tank levels"


@dataclass(frozen=True, slots=True)
class TankTableContext:
    now: datetime
    """To the minute: ages are told in steps."""
    zone: tzinfo
    station_names: tuple[tuple[str, str], ...]
    mass_unit: number_format.MassUnit
    limits: tuple[float, float]


def build_tank_table(context: RenderContext) -> TileContent[TableData[InventoryLevel]]:
    picture, limits = context.snapshot, context.settings.limits
    levels = context.levels
    stale = bool(levels) and picture.broker.status is LinkStatus.DOWN
    newest = max((level.received_at for level in levels), default=None)
    names = number_format.shorten_names(tuple(level.device_id for level in levels))
    largest = max((level.capacity_g or level.remaining_g or 0 for level in levels), default=0.0)
    facts = TankTableContext(
        context.now.replace(second=0, microsecond=0), context.zone, tuple(names.items()),
        number_format.choose_mass_unit(largest), (limits.stock_low_percent, limits.stock_warn_percent),
    )  # fmt: skip
    empty = "" if levels else context.explain_no_messages("no level has been reported yet")
    return TileContent(
        TITLE, TableData(levels, COLUMNS, facts), data_table.paint_table, unit=facts.mass_unit.symbol,
        age=format_reading_age(context, newest, is_stale=stale), is_stale=stale, empty_text=empty,
    )  # fmt: skip


def _find_band(level: InventoryLevel, context: TankTableContext) -> LevelBand:
    return classify_level(level.percent_full, *context.limits)


def _draw_percent(level: InventoryLevel, context: TankTableContext, width: int, ground: ColourRole) -> Rows:
    """With the shape of its band: the colour alone does not tell."""
    found = _find_band(level, context)
    abnormal = found in (LevelBand.LOW, LevelBand.WARN)
    pen = (
        CellStyle(BAND_COLOURS[found], ground, bold=True)
        if abnormal
        else CellStyle(ColourRole.STRONG, ground)
    )
    canvas = Canvas(width, 1, CellStyle(bg=ground))
    canvas.write_right(width - 2, 0, _format_percent(level), pen)
    canvas.set_cell(width - 1, 0, BAND_MARKS[found], pen)
    return canvas.rows


def _format_percent(level: InventoryLevel) -> str:
    percent = level.percent_full
    return number_format.NO_VALUE if percent is None else f"{number_format.round_down_to_tenths(percent):.1f}"


def _compute_used_g(level: InventoryLevel) -> float | None:
    if level.capacity_g is None or level.remaining_g is None:
        return None
    return level.capacity_g - level.remaining_g


def _format_age(level: InventoryLevel, context: TankTableContext) -> str:
    return number_format.format_age((context.now - level.received_at).total_seconds())


COLUMNS: tuple[TableColumn[InventoryLevel], ...] = (
    TableColumn(
        "Station",
        8,
        80,
        lambda level, facts: sanitize_text(dict(facts.station_names)[level.device_id], 24),
        style=DIM,
        max_growth=12,
    ),
    TableColumn("Chemical", 8, 100, lambda level, facts: sanitize_text(level.chemical, 24), max_growth=12),
    TableColumn(
        "Left",
        8,
        90,
        lambda level, facts: facts.mass_unit.format_number(level.remaining_g),
        lambda level, facts: level.remaining_g,
        unit="g",
        style=STRONG,
        align_right=True,
        max_growth=2,
    ),
    TableColumn(
        "Capacity",
        9,
        60,
        lambda level, facts: facts.mass_unit.format_number(level.capacity_g),
        lambda level, facts: level.capacity_g,
        unit="g",
        style=DIM,
        align_right=True,
        max_growth=2,
    ),
    TableColumn(
        "Used",
        8,
        40,
        lambda level, facts: facts.mass_unit.format_number(_compute_used_g(level)),
        lambda level, facts: _compute_used_g(level),
        unit="g",
        align_right=True,
        max_growth=2,
    ),
    TableColumn(
        "Full %  ",
        9,
        95,
        lambda level, facts: _format_percent(level),
        lambda level, facts: level.percent_full,
        unit="%",
        draw_cell=_draw_percent,
        align_right=True,
    ),
    TableColumn(
        "Told", 8, 50, _format_age, lambda level, facts: level.received_at, style=DIM, align_right=True
    ),
)
