"""Entries of the material ledger as table, CSV or JSON."""

from collections.abc import Callable, Sequence
from datetime import datetime
from zoneinfo import ZoneInfo

from dosing_tui.config.settings import GlyphMode, Settings
from dosing_tui.database.materials.ledger_entries import MaterialFilter
from dosing_tui.domain.materials.ledger import MaterialEntry
from dosing_tui.domain.panels.filters import Selection
from dosing_tui.domain.panels.panel_columns import DataColumn
from dosing_tui.export.documents.file_format import FileFormat
from dosing_tui.export.table import CellValue, ExportTable
from dosing_tui.export.table_renderer import render_table

_EntryColumn = tuple[DataColumn, Callable[[MaterialEntry], CellValue]]
TERMINAL_COLUMNS: tuple[_EntryColumn, ...] = (
    (DataColumn("entry_id", "entry"), lambda entry: entry.entry_id),
    (DataColumn("time", "time"), lambda entry: entry.time),
    (DataColumn("device_id", "station"), lambda entry: entry.device_id),
    (DataColumn("chemical", "chemical"), lambda entry: entry.chemical),
    (DataColumn("kind", "kind"), lambda entry: entry.kind.replace("_", " ")),
    (DataColumn("mass_g", "mass", "g"), lambda entry: entry.mass_g),
    (DataColumn("lot_number", "lot"), lambda entry: entry.lot_number or None),
    (DataColumn("operator", "operator"), lambda entry: entry.operator or entry.source),
    (DataColumn("reason", "reason"), lambda entry: entry.reason or None),
)
"""The columns that fit in a terminal."""
FILE_COLUMNS: tuple[_EntryColumn, ...] = (
    (DataColumn("entry_id", "entry"), lambda entry: entry.entry_id),
    (DataColumn("time", "time"), lambda entry: entry.time),
    (DataColumn("recorded_at", "recorded at"), lambda entry: entry.recorded_at),
    (DataColumn("device_id", "device id"), lambda entry: entry.device_id),
    (DataColumn("chemical", "chemical"), lambda entry: entry.chemical),
    (DataColumn("pump", "pump"), lambda entry: entry.pump),
    (DataColumn("kind", "kind"), lambda entry: entry.kind),
    (DataColumn("mass_g", "mass", "g"), lambda entry: entry.mass_g),
    (DataColumn("change_g", "change", "g"), lambda entry: entry.change_g),
    (DataColumn("entered_quantity", "entered quantity"), lambda entry: entry.entered_quantity),
    (DataColumn("entered_unit", "entered unit"), lambda entry: entry.entered_unit),
    (DataColumn("density_g_per_ml", "density", "g/ml"), lambda entry: entry.density_g_per_ml),
    (DataColumn("lot_number", "lot number"), lambda entry: entry.lot_number or None),
    (DataColumn("supplier", "supplier"), lambda entry: entry.supplier or None),
    (DataColumn("expires_on", "expires on"), lambda entry: entry.expires_on),
    (DataColumn("opened_on", "opened on"), lambda entry: entry.opened_on),
    (DataColumn("certificate", "certificate"), lambda entry: entry.certificate or None),
    (DataColumn("reason", "reason"), lambda entry: entry.reason or None),
    (DataColumn("source", "source"), lambda entry: entry.source),
    (DataColumn("operator", "operator"), lambda entry: entry.operator or None),
    (DataColumn("os_user", "account"), lambda entry: entry.os_user or None),
    (DataColumn("db_role", "database role"), lambda entry: entry.db_role),
)


def render_entries(
    entries: Sequence[MaterialEntry], which: MaterialFilter, settings: Settings, *, format_: str,
    now: datetime, width: int,
) -> str:  # fmt: skip
    """Of ``width`` cells as a table."""
    fields = TERMINAL_COLUMNS if format_ == FileFormat.TABLE else FILE_COLUMNS
    table = ExportTable(
        panel="materials",
        title="Material ledger",
        unit="",
        range="all times" if which.since is None and which.until is None else "the range",
        since=which.since or min((entry.time for entry in entries), default=now),
        until=which.until or now,
        selection=Selection(device=which.devices, chemical=which.chemicals),
        generated_at=now,
        zone=ZoneInfo(settings.plant.timezone),
        columns=tuple(column for column, _ in fields),
        rows=tuple(tuple(get(entry) for _, get in fields) for entry in entries),
    )
    ascii_only = settings.console.glyphs is GlyphMode.ASCII
    return render_table(table, FileFormat(format_), width=width, ascii_only=ascii_only)
