"""The pumps by what they can do: bias, sigma and Cpk of each target, the worst first."""

from collections.abc import Mapping
from datetime import datetime, timedelta

from msgspec import Struct

from dosing_tui.domain.capability.service_state import (
    PlantServiceLimits,
    ServiceDue,
    ServiceWork,
    get_service_state,
    list_service_dues,
)
from dosing_tui.domain.labels.station_labels import name_stations
from dosing_tui.domain.panels.panel_catalog import PUMP_CAPABILITY
from dosing_tui.domain.panels.pump_capability import PumpCapability
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import Rows, sanitize_text
from dosing_tui.tui.rendering.data_table import TableColumn, TableData
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, STRONG, TEXT, CellStyle, ColourRole
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.number_list import draw_marked_cell
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_panel_content

EMPTY_TEXT = "no target was dosed ten times"
LOW_MARK, BIAS_MARK = "■", "▲"
CALIBRATIONS = (ServiceWork.CALIBRATION, ServiceWork.SCALE_CALIBRATION)


class PumpTableContext(Struct, frozen=True):
    names: Mapping[str, str]
    """Station -> its name."""
    cpk_low: float
    limits: PlantServiceLimits
    now: datetime

    def list_dues(self, row: PumpCapability, *works: ServiceWork) -> list[ServiceDue]:
        """What the limits of these works are used of, the most urgent first."""
        limits = self.limits.get_limits(row.device_id, row.pump)
        dues = list_service_dues(get_service_state(row), limits, self.now)
        return sorted((due for due in dues if due.work in works), key=lambda due: -due.share)


def build_pump_table(context: RenderContext) -> TileContent[TableData[PumpCapability]]:
    rows = context.get_rows(PUMP_CAPABILITY)
    names = name_stations([row.device_id for row in rows], context.settings.short_names)
    limits = context.limits
    table_context = PumpTableContext(names, limits.cpk_low, limits.service, context.now)
    table = TableData(rows, COLUMNS, table_context)
    note = f"Cpk below {table_context.cpk_low:g}: not capable"
    return build_panel_content(
        context,
        PUMP_CAPABILITY,
        table,
        data_table.paint_table,
        note,
        is_empty=not rows,
        empty_text=EMPTY_TEXT,
    )


def is_biased(row: PumpCapability) -> bool:
    """Its mean error is beyond the allowance: the panel names a cause for that alone."""
    return bool(row.cause)


def is_incapable(row: PumpCapability, cpk_low: float) -> bool:
    """Its Cpk is below the plant's limit."""
    return row.cpk is not None and row.cpk < cpk_low


def describe_finding(row: PumpCapability, cpk_low: float) -> str:
    """What to look at, in two words; '' where nothing is the matter."""
    if is_biased(row):
        return f"bias: {row.cause}"
    return "scatter" if is_incapable(row, cpk_low) else ""


def _draw_number(
    text: str, mark: str, width: int, ground: ColourRole, *, is_abnormal: bool, style: CellStyle = TEXT
) -> Rows:
    shown = DEVIATION if is_abnormal else style
    return draw_marked_cell(text, mark if is_abnormal else " ", width, shown._replace(bg=ground))


def _draw_bias(row: PumpCapability, context: PumpTableContext, width: int, ground: ColourRole) -> Rows:
    text = number_format.format_signed(row.mean_error_g)
    return _draw_number(text, BIAS_MARK, width, ground, is_abnormal=is_biased(row))


def _draw_cpk(row: PumpCapability, context: PumpTableContext, width: int, ground: ColourRole) -> Rows:
    is_low = is_incapable(row, context.cpk_low)
    text = number_format.format_decimal(row.cpk, 2)
    return _draw_number(text, LOW_MARK, width, ground, is_abnormal=is_low, style=STRONG)


def _draw_tube(row: PumpCapability, context: PumpTableContext, width: int, ground: ColourRole) -> Rows:
    dues = context.list_dues(row, ServiceWork.TUBE)
    is_due = any(due.is_due for due in dues)
    return _draw_number(_format_tube(row, context), BIAS_MARK, width, ground, is_abnormal=is_due)


def _format_tube(row: PumpCapability, context: PumpTableContext) -> str:
    """The share of its life; without a limit what it has dosed."""
    dues = context.list_dues(row, ServiceWork.TUBE)
    share = 100.0 * dues[0].share if dues else None
    if share is not None:
        return number_format.format_decimal(share, 0, " %")
    return number_format.format_decimal(row.tube_g / 1000, 1, " kg")


def _draw_calibration(row: PumpCapability, context: PumpTableContext, width: int, ground: ColourRole) -> Rows:
    dues = context.list_dues(row, *CALIBRATIONS)
    is_due = any(due.is_due for due in dues)
    return _draw_number(_format_calibration(row, context), BIAS_MARK, width, ground, is_abnormal=is_due)


def _format_calibration(row: PumpCapability, context: PumpTableContext) -> str:
    """Days since the pump's own."""
    days = _count_days(row, context)
    return number_format.format_decimal(days, 0, " d")


def _count_days(row: PumpCapability, context: PumpTableContext) -> float | None:
    return None if row.calibrated_at is None else (context.now - row.calibrated_at) / timedelta(days=1)


COLUMNS: tuple[TableColumn[PumpCapability], ...] = (
    TableColumn("Station", 7, 100, lambda row, context: sanitize_text(context.names[row.device_id]),
                style=STRONG, max_growth=12, is_name=True, is_station=True),
    TableColumn("Pump", 4, 99, lambda row, _: str(row.pump), lambda row, _: row.pump, align_right=True),
    TableColumn("Chemical", 9, 96, lambda row, _: sanitize_text(row.chemical), max_growth=14, is_name=True),
    TableColumn("Target g", 8, 98, lambda row, _: number_format.format_decimal(row.target_g, 2),
                lambda row, _: row.target_g, unit="g", align_right=True),
    TableColumn("Doses", 6, 80, lambda row, _: number_format.format_count(row.doses),
                lambda row, _: row.doses, align_right=True),
    TableColumn("Cpk  ", 7, 97, lambda row, _: number_format.format_decimal(row.cpk, 2),
                lambda row, _: row.cpk, draw_cell=_draw_cpk, align_right=True),
    TableColumn("Bias g  ", 8, 95, lambda row, _: number_format.format_signed(row.mean_error_g),
                lambda row, _: row.mean_error_g, unit="g", draw_cell=_draw_bias, align_right=True),
    TableColumn("Allowed g", 9, 70, lambda row, _: f"±{number_format.format_decimal(row.allowance_g, 3)}",
                lambda row, _: row.allowance_g, unit="g", style=DIM, align_right=True),
    TableColumn("σ g", 6, 85, lambda row, _: number_format.format_decimal(row.sigma_g, 3),
                lambda row, _: row.sigma_g, unit="g", align_right=True),
    TableColumn("Sum g", 8, 60, lambda row, _: number_format.format_signed(row.sum_error_g, 1),
                lambda row, _: row.sum_error_g, unit="g", align_right=True),
    TableColumn("g/s", 6, 50, lambda row, _: number_format.format_decimal(row.rate_g_per_s, 3),
                lambda row, _: row.rate_g_per_s, unit="g/s", style=DIM, align_right=True),
    TableColumn("New", 6, 45, lambda row, _: number_format.format_decimal(row.new_rate_g_per_s, 3),
                lambda row, _: row.new_rate_g_per_s, unit="g/s", style=DIM, align_right=True),
    TableColumn("Tube  ", 9, 55, _format_tube, lambda row, _: row.tube_g, unit="g", draw_cell=_draw_tube,
                align_right=True),
    TableColumn("Calibr  ", 8, 52, _format_calibration, _count_days, unit="d", draw_cell=_draw_calibration,
                align_right=True),
    TableColumn("Finding", 11, 90, lambda row, context: describe_finding(row, context.cpk_low), style=STRONG,
                max_growth=16),
)  # fmt: skip
