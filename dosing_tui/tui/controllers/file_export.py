"""Files that the operator requests: their folder, and the visible rows in the form of every export."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from pathlib import Path

import platformdirs

from dosing_tui.domain.panels.panel_columns import DataColumn
from dosing_tui.errors import ExportError
from dosing_tui.export.csv_format import to_csv
from dosing_tui.export.json_format import to_json
from dosing_tui.export.output_files import build_file_stem, write_new_files
from dosing_tui.export.table import ExportTable
from dosing_tui.tui.controllers.screen_host import ConsoleServices
from dosing_tui.tui.widgets.visible_rows import VisibleRows

NOTHING_TO_EXPORT = "There is nothing to export here."


@dataclass(eq=False)
class FileExporter:
    """Writes new files; each method returns the sentence for the operator.

    Those for worker threads raise ExportError.
    """

    services: ConsoleServices

    def export_rows(self, rows: VisibleRows | None) -> str:
        """As CSV and JSON."""
        if rows is None or not rows.rows:
            return NOTHING_TO_EXPORT
        table = build_extract(rows, self._get_local_time(), self.services.zone)
        return self._save_now(lambda: self.export_table(table))

    def export_table(self, table: ExportTable) -> str:
        """As CSV and JSON."""
        return self.save_files(build_file_stem(table), {"csv": to_csv(table), "json": to_json(table)})

    def export_screen(self, svg: str, lines: Iterable[str]) -> str:
        """A screenshot as SVG and as text."""
        text = "\n".join(line.rstrip() for line in lines)
        return self._save_now(lambda: self.save_timed_files("screen", {"svg": svg, "txt": f"{text}\n"}))

    def _save_now(self, save: Callable[[], str]) -> str:
        """For a key: a failure is a sentence, too, and stays until it is seen."""
        self.services.entries.mark_seen("file")
        try:
            return save()
        except ExportError as error:
            self.services.entries.add_failure("file", str(error))
            return str(error)

    def save_timed_files(self, name: str, texts: Mapping[str, str]) -> str:
        """``texts`` by suffix; the time is added to the name."""
        return self.save_files(f"{name}_{self._get_local_time():%Y-%m-%d_%H%M%S}", texts)

    def save_files(self, stem: str, texts: Mapping[str, str]) -> str:
        folder = get_export_folder(self.services.settings.console.export_dir)
        paths = write_new_files(folder, stem, texts)
        names = " and ".join([paths[0].name, *(path.suffix for path in paths[1:])])
        return f"Saved {names} in {paths[0].parent}"

    def _get_local_time(self) -> datetime:
        return self.services.clock().astimezone(self.services.zone)


def get_export_folder(setting: str) -> Path:
    """The configured folder, else the documents folder, or the program's own where there is none."""
    if setting:
        return Path(setting).expanduser()
    documents = platformdirs.user_documents_path()
    if documents.is_dir():
        return documents / "dosing-tui"
    return platformdirs.user_state_path("dosing-tui", appauthor=False) / "exports"


def build_extract(rows: VisibleRows, at: datetime, zone: tzinfo) -> ExportTable:
    """The visible rows with their origin; tiles of the present have no range."""
    columns = [DataColumn("", title, unit) for title, unit in rows.columns]
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
        columns=tuple(DataColumn(column.header, column.title, column.unit) for column in columns),
        rows=rows.rows,
    )
