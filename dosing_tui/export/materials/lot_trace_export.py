"""``dosing-tui trace``: the batches of a lot, the lots of a batch, or the lots to open next, as tables."""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from msgspec import Struct
from msgspec.structs import replace

from dosing_tui.config.settings import GlyphMode, Settings
from dosing_tui.domain.materials.lots.lot_order import LotProposal
from dosing_tui.domain.materials.lots.lot_trace import LotTraceRow
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_columns import DataColumn
from dosing_tui.export.documents.file_format import FileFormat
from dosing_tui.export.table import CellValue, ExportTable
from dosing_tui.export.table_renderer import render_table

UNKNOWN_LABEL = "unknown"
_Column = tuple[DataColumn, Callable[[Any], CellValue]]
_LOT_COLUMNS: tuple[_Column, ...] = (
    (DataColumn("chemical", "chemical"), lambda row: row.chemical),
    (DataColumn("lot_number", "lot"), lambda row: row.lot_number or UNKNOWN_LABEL),
    (DataColumn("share_percent", "share", "%"), lambda row: row.share_percent),
    (DataColumn("mass_g", "mass", "g"), lambda row: row.mass_g),
)
_BATCH_COLUMNS: tuple[_Column, ...] = (
    (DataColumn("batch_id", "batch"), lambda row: row.batch_id),
    (DataColumn("recipe", "recipe"), lambda row: row.recipe),
    (DataColumn("begins_at", "begin"), lambda row: row.begins_at),
    *_LOT_COLUMNS,
    (DataColumn("status", "status"), lambda row: row.status),
    (DataColumn("review_state", "review"), lambda row: row.review_state),
)
_DETAIL_COLUMNS: tuple[_Column, ...] = (
    *_LOT_COLUMNS,
    (DataColumn("supplier", "supplier"), lambda row: row.supplier or None),
    (DataColumn("expires_on", "expires"), lambda row: row.expires_on),
    (DataColumn("is_expired", "was expired"), lambda row: row.is_expired),
    (DataColumn("opened_on", "opened"), lambda row: row.opened_on),
    (DataColumn("certificate", "certificate"), lambda row: row.certificate or None),
)
_FILE_COLUMNS: tuple[_Column, ...] = (
    (DataColumn("batch_key", "batch key"), lambda row: row.batch_key),
    (DataColumn("device_id", "device id"), lambda row: row.device_id),
    (DataColumn("ends_at", "end"), lambda row: row.ends_at),
)
_STORE_COLUMNS: tuple[_Column, ...] = (
    (DataColumn("chemical", "chemical"), lambda row: row.stored.chemical),
    (DataColumn("rank", "open"), lambda row: row.rank),
    (DataColumn("lot_number", "lot"), lambda row: row.stored.lot.number),
    (DataColumn("expires_on", "expires"), lambda row: row.stored.lot.expires_on),
    (DataColumn("mass_g", "left", "g"), lambda row: row.stored.mass_g),
    (DataColumn("place", "place"), lambda row: row.stored.place),
    (DataColumn("delivered_at", "delivered"), lambda row: row.stored.delivered_at),
    (DataColumn("supplier", "supplier"), lambda row: row.stored.lot.supplier or None),
    (DataColumn("certificate", "certificate"), lambda row: row.stored.lot.certificate or None),
    (DataColumn("is_expired", "expired"), lambda row: row.rank is None),
)


class TraceOutput(Struct, frozen=True):
    """How a trace is written."""

    settings: Settings
    file_format: FileFormat
    now: datetime
    width: int


def render_lot_trace(rows: Sequence[LotTraceRow], number: str, output: TraceOutput) -> str:
    """The batches that a lot is in."""
    columns = _BATCH_COLUMNS
    if output.file_format is not FileFormat.TABLE:
        columns = (*_BATCH_COLUMNS, *_DETAIL_COLUMNS[len(_LOT_COLUMNS) :], *_FILE_COLUMNS)
    return _render(rows, columns, ("lot_trace", f"Batches with lot {number}"), output)


def render_batch_trace(rows: Sequence[LotTraceRow], output: TraceOutput) -> str:
    """The lots that are in a batch; there is at least one."""
    title = f"Lots of batch {rows[0].batch_id}"
    columns = _DETAIL_COLUMNS
    if output.file_format is not FileFormat.TABLE:
        columns = (*_BATCH_COLUMNS, *_DETAIL_COLUMNS[len(_LOT_COLUMNS) :], *_FILE_COLUMNS)
    return _render(rows, columns, ("batch_trace", title), output)


def render_lot_order(proposals: Sequence[LotProposal], output: TraceOutput) -> str:
    """The lots in store, in the order in which to open them."""
    return _render(proposals, _STORE_COLUMNS, ("lots_to_open", "Lots to open, first expired first"), output)


def _render(
    rows: Sequence[object], columns: Sequence[_Column], names: tuple[str, str], output: TraceOutput
) -> str:
    panel, title = names
    table = ExportTable(
        panel=panel,
        title=title,
        unit="",
        range="now",
        since=None,
        until=None,
        selection=Selection(),
        generated_at=output.now,
        zone=ZoneInfo(output.settings.plant.timezone),
        columns=tuple(column for column, _ in columns),
        rows=tuple(tuple(get(row) for _, get in columns) for row in rows),
    )
    if output.file_format is FileFormat.TABLE:
        table = replace(table, range="")
    ascii_only = output.settings.console.glyphs is GlyphMode.ASCII
    return render_table(table, output.file_format, width=output.width, ascii_only=ascii_only)
