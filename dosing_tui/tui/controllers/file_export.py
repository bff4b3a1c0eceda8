"""Files that the operator asks for: where they go, and what a tile shows in the form of every export."""

from datetime import datetime, tzinfo
from pathlib import Path

import platformdirs

from dosing_tui.export.table import ExportColumn, ExportTable
from dosing_tui.tui.widgets.visible_rows import VisibleRows


def get_export_folder(setting: str) -> Path:
    """Where files go: as configured, else the documents folder, or the program's own where there is none."""
    if setting:
        return Path(setting).expanduser()
    documents = platformdirs.user_documents_path()
    if documents.is_dir():
        return documents / "dosing-tui"
    return platformdirs.user_state_path("dosing-tui", appauthor=False) / "exports"


def build_extract(rows: VisibleRows, at: datetime, zone: tzinfo) -> ExportTable:
    """The rows as they are on screen, with what they are rows of; tiles of the present have no range."""
    columns = [ExportColumn("", title, unit) for title, unit in rows.columns]
    return ExportTable(
        panel=rows.origin.panel or rows.title,
        title=rows.title,
        unit=rows.unit,
        range=rows.scope,
        since=rows.origin.since,
        until=rows.origin.until,
        selection=rows.origin.selection,
        generated_at=at,
        zone=zone,
        # on the screen two columns may differ in their unit alone
        columns=tuple(ExportColumn(column.header, column.title, column.unit) for column in columns),
        rows=rows.rows,
    )
