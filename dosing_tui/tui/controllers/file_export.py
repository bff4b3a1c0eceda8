"""Files that the operator asks for: where they go, and what a tile shows in the form of every export."""

from datetime import datetime, tzinfo
from pathlib import Path

import platformdirs

from dosing_tui.export.table import Column, Extract
from dosing_tui.tui.widgets.visible_rows import Shown


def folder(setting: str) -> Path:
    """Where files go: as configured, else the documents folder, or the program's own where there is none."""
    if setting:
        return Path(setting).expanduser()
    documents = platformdirs.user_documents_path()
    if documents.is_dir():
        return documents / "dosing-tui"
    return platformdirs.user_state_path("dosing-tui", appauthor=False) / "exports"


def extract_of(what: Shown, at: datetime, zone: tzinfo) -> Extract:
    """The rows as they are on screen, with what they are rows of; tiles of the present have no range."""
    columns = [Column("", title, unit) for title, unit in what.columns]
    return Extract(
        panel=what.origin.panel or what.title,
        title=what.title,
        unit=what.unit,
        range=what.scope,
        since=what.origin.since,
        until=what.origin.until,
        selection=what.origin.selection,
        generated_at=at,
        zone=zone,
        # on the screen two columns may differ in their unit alone
        columns=tuple(Column(column.header, column.title, column.unit) for column in columns),
        rows=what.rows,
    )
