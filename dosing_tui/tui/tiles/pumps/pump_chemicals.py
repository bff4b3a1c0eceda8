"""What each pump doses, set or learnt, and its last dose of another chemical; the broken ones first."""

from collections.abc import Mapping
from datetime import tzinfo

from msgspec import Struct

from dosing_tui.domain.labels.station_labels import name_stations
from dosing_tui.domain.panels.panel_catalog import PUMP_CHEMICALS
from dosing_tui.domain.panels.pump_chemical import PumpChemical
from dosing_tui.tui.rendering import data_table, number_format
from dosing_tui.tui.rendering.canvas import sanitize_text
from dosing_tui.tui.rendering.data_table import StyledRuns, TableColumn, TableData
from dosing_tui.tui.rendering.palette import DEVIATION, DIM, STRONG, TEXT
from dosing_tui.tui.scope.render_context import RenderContext
from dosing_tui.tui.tiles.shared.tile_content import TileContent, build_panel_content

BREAK_MARK = "▲"


class ChemicalTableContext(Struct, frozen=True):
    names: Mapping[str, str]
    """Station -> its name."""
    zone: tzinfo


def build_pump_chemicals(context: RenderContext) -> TileContent[TableData[PumpChemical]]:
    rows = context.get_rows(PUMP_CHEMICALS)
    names = name_stations([row.device_id for row in rows], context.settings.short_names)
    table = TableData(rows, COLUMNS, ChemicalTableContext(names, context.zone))
    return build_panel_content(
        context, PUMP_CHEMICALS, table, data_table.paint_table, "last 200 doses",
        is_empty=not rows, empty_text="no dose in 28 days",
    )  # fmt: skip


def _format_share(row: PumpChemical, context: ChemicalTableContext) -> StyledRuns:
    text = number_format.format_decimal(row.own_percent, 1)
    return [(f"{BREAK_MARK} {text}", DEVIATION)] if row.is_broken else [(text, TEXT)]


def _format_other(row: PumpChemical, context: ChemicalTableContext) -> str:
    return "" if row.other_at is None else number_format.format_full_timestamp(row.other_at, context.zone)


COLUMNS: tuple[TableColumn[PumpChemical], ...] = (
    TableColumn("Station", 7, 98, lambda row, context: sanitize_text(context.names[row.device_id]),
                style=STRONG, max_growth=12, is_name=True, is_station=True),
    TableColumn("Pump", 4, 100, lambda row, _: str(row.pump), lambda row, _: row.pump, align_right=True),
    TableColumn("Chemical", 9, 99, lambda row, _: sanitize_text(row.chemical), style=STRONG, max_growth=14,
                is_name=True),
    TableColumn("Basis", 10, 95, lambda row, _: row.basis, style=DIM),
    TableColumn("Its share %", 11, 97, lambda row, _: number_format.format_decimal(row.own_percent, 1),
                lambda row, _: row.own_percent, unit="%", format_runs=_format_share, align_right=True),
    TableColumn("Doses", 6, 60, lambda row, _: number_format.format_count(row.doses),
                lambda row, _: row.doses, style=DIM, align_right=True),
    TableColumn("Other", 9, 90, lambda row, _: sanitize_text(row.other_chemical), max_growth=14,
                is_name=True),
    TableColumn("Last other", 19, 80, _format_other, lambda row, _: row.other_at),
)  # fmt: skip
