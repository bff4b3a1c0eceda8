"""The newest doses as a table: from messages, at start-up from the database."""

from collections.abc import Mapping
from datetime import datetime, timedelta, tzinfo
from math import inf

from msgspec import Struct, field
from msgspec.structs import replace

from dosing_tui.domain.labels.station_labels import label_stations_compactly
from dosing_tui.domain.messages.models import Dose, TimeQuality
from dosing_tui.domain.panels.panel_catalog import DOSES, DoseRow
from dosing_tui.domain.quantities.value_age import ValueKind
from dosing_tui.domain.tolerances.tolerance_book import ToleranceBook
from dosing_tui.tui.charts.primitives.bars import draw_deviation_bar
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Canvas, Rows, sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableData
from dosing_tui.tui.rendering.palette import DIM, STRONG, CellStyle, ColourRole
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.scope.scope import LIVE_SCOPE, is_live
from dosing_tui.tui.tiles.shared.number_list import OUTSIDE_MARK, UNWEIGHABLE_MARK, draw_error_cell
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_live_content, build_panel_content

ERROR_BAR_RANGE_G = 1.0
"""Error that fills one side of the bar."""


_ONE_DAY, _MONTH = timedelta(days=1), timedelta(days=27)


class DoseTableContext(Struct, frozen=True):
    """What the columns need besides the dose."""

    zone: tzinfo
    midnight: datetime
    """Start of the current day of the plant: older doses show their day, too."""
    tolerances: ToleranceBook
    station_names: Mapping[str, str] = field(default_factory=dict)
    """Short names of the stations; empty for a single station."""


def _draw_error_bar(dose: Dose, context: DoseTableContext, width: int, ground: ColourRole) -> Rows:
    if dose.error_g is None:
        return Canvas(width, 1, CellStyle(bg=ground)).rows
    is_outside = context.tolerances.find_tolerance(dose).is_outside(dose.error_g)
    return draw_deviation_bar(
        dose.error_g, width, full_scale=ERROR_BAR_RANGE_G, limit=0.0 if is_outside else inf, ground=ground
    )


def choose_error_mark(dose: Dose, tolerances: ToleranceBook) -> str:
    """The mark behind a dose's error: out of tolerance, below what the scale can weigh, or ' '."""
    tolerance = tolerances.find_tolerance(dose)
    if dose.error_g is not None and not tolerance.is_weighable:
        return UNWEIGHABLE_MARK
    return OUTSIDE_MARK if tolerance.is_outside(dose.error_g) else " "


def _format_time(dose: Dose, context: DoseTableContext) -> str:
    """In 8 cells; of an earlier day the number in its month, which the caption has, beside the time."""
    if _ONE_DAY < context.midnight - dose.time < _MONTH:
        return f"{dose.time.astimezone(context.zone):%d %H:%M}"
    return number_format.format_timestamp(dose.time, context.zone, now=context.midnight)


def _draw_time(dose: Dose, context: DoseTableContext, width: int, ground: ColourRole) -> Rows:
    """With the day, if there is room for it."""
    stamp = number_format.format_full_timestamp(dose.time, context.zone)
    canvas = Canvas(width, 1, CellStyle(bg=ground))
    canvas.write_text(
        0, 0, stamp if width >= len(stamp) else _format_time(dose, context), CellStyle(ColourRole.DIM, ground)
    )
    return canvas.rows


def _get_duration_s(dose: Dose) -> float | None:
    return None if dose.plausible_duration_ms is None else dose.plausible_duration_ms / 1000


_CLOCK_TEXTS = {
    TimeQuality.DEVICE: "device",
    TimeQuality.UPTIME: "uptime",
    TimeQuality.WINDOW: "off",
    TimeQuality.BACKLOG: "late",
    TimeQuality.RECEIVE: "none",
}
"""Source of the time: for all but 'device' it is the time of receipt."""

_TIME_COLUMN: TableColumn[Dose] = TableColumn(
    "Time", 8, 90, _format_time, lambda dose, _: dose.time, draw_cell=_draw_time, max_growth=11,
    all_or_nothing=True,
)  # fmt: skip
_STATION_COLUMN: TableColumn[Dose] = TableColumn(
    "Stn",
    3,
    50,
    lambda dose, context: sanitize_text(context.station_names.get(dose.device_id, dose.device_id)),
    max_growth=11,
    is_name=True,
)
_DOSE_COLUMNS: tuple[TableColumn[Dose], ...] = (
    TableColumn("Recipe", 8, 60, lambda dose, _: sanitize_text(dose.recipe), max_growth=22, is_name=True),
    TableColumn("Chemical", 8, 80, lambda dose, _: sanitize_text(dose.chemical), max_growth=22, is_name=True),
    TableColumn("Pump", 4, 20, lambda dose, _: str(dose.pump), lambda dose, _: dose.pump, style=DIM,
                align_right=True),
    TableColumn("Mode", 8, 5, lambda dose, _: sanitize_text(dose.mode, 16), style=DIM, max_growth=2),
    TableColumn("Target g", 8, 70, lambda dose, _: number_format.format_decimal(dose.target_g, 2),
                lambda dose, _: dose.target_g, unit="g", align_right=True),
    TableColumn("Actual g", 8, 85, lambda dose, _: number_format.format_decimal(dose.actual_g, 2),
                lambda dose, _: dose.actual_g, unit="g", style=STRONG, align_right=True),
    TableColumn("Error g  ", 9, 95, lambda dose, _: number_format.format_signed(dose.error_g),
                lambda dose, _: dose.error_g, unit="g", align_right=True,
                draw_cell=lambda dose, context, width, ground: draw_error_cell(
                    dose.error_g, choose_error_mark(dose, context.tolerances), width,
                    STRONG._replace(bg=ground))),
    TableColumn("Error", 9, 30, lambda dose, _: "", draw_cell=_draw_error_bar, max_growth=4, min_width=5,
                is_scale=True),
    TableColumn("s", 5, 10, lambda dose, _: number_format.format_decimal(_get_duration_s(dose), 1),
                lambda dose, _: _get_duration_s(dose), unit="s", style=DIM, align_right=True),
    TableColumn("Clock", 6, 1, lambda dose, _: _CLOCK_TEXTS[dose.time_quality], style=DIM),
)  # fmt: skip


def build_dose_columns(context: DoseTableContext) -> tuple[TableColumn[Dose], ...]:
    if not context.station_names:
        return (_TIME_COLUMN, *_DOSE_COLUMNS)
    return (_TIME_COLUMN, _STATION_COLUMN, *_DOSE_COLUMNS)


def build_dose_table(context: RenderContext) -> TileContent[TableData[Dose]]:
    """Live without range and filters, else the stored doses, or the received ones without a database."""
    if context.scope == LIVE_SCOPE:
        return _build_live_doses(context)
    if context.get_result(DOSES).rows is None and context.get_result(DOSES).error and is_live(context.scope):
        return replace(_build_live_doses(context), title="Received doses")
    doses = tuple(_row_to_dose(row) for row in context.get_rows(DOSES))
    table = _build_table(context, doses, is_cut=len(doses) == DOSES.max_rows)
    newest = f"newest {number_format.format_count(len(doses))} only" if table.is_cut else ""
    return build_panel_content(context, DOSES, table, data_table.paint_table, newest, is_empty=not doses)


def _row_to_dose(row: DoseRow) -> Dose:
    known = row.time_quality in set(TimeQuality)
    return Dose(
        row.time, row.device_id, row.pump, row.chemical, row.target_g, row.actual_g, row.error_g, row.recipe,
        row.mode, row.duration_ms, 0, row.received_at,
        TimeQuality(row.time_quality) if known else TimeQuality.RECEIVE,
    )  # fmt: skip


def _build_live_doses(context: RenderContext) -> TileContent[TableData[Dose]]:
    """The newest that were stored before the start, and those since: the plant has more."""
    doses = context.doses
    return build_live_content(
        context, "Recent doses", _build_table(context, doses, is_cut=True), data_table.paint_table,
        empty_text="no dose has been reported yet", newest=doses[0].received_at if doses else None,
        kind=ValueKind.DOSE,
    )  # fmt: skip


def _build_table(context: RenderContext, doses: tuple[Dose, ...], *, is_cut: bool) -> TableData[Dose]:
    names = label_stations_compactly(sorted({dose.device_id for dose in doses}), context.settings.short_names)
    midnight = context.now.astimezone(context.zone).replace(hour=0, minute=0, second=0, microsecond=0)
    table_context = DoseTableContext(
        context.zone, midnight, context.tolerances, names if len(names) > 1 else {},
    )  # fmt: skip
    columns = build_dose_columns(table_context)
    return TableData(doses, columns, table_context, is_cut=is_cut, follows_newest=True)
