"""Renders an export table in the formats of the commands."""

from dosing_tui.errors import ExportError
from dosing_tui.export.csv_format import to_csv
from dosing_tui.export.documents.file_format import FileFormat
from dosing_tui.export.json_format import to_json
from dosing_tui.export.table import ExportTable
from dosing_tui.export.text_format import to_table


def render_table(table: ExportTable, output_format: FileFormat, *, width: int, ascii_only: bool) -> str:
    """Text for people at most ``width`` terminal cells wide; CSV and JSON for programs.

    Raises: ExportError, for a format of documents.
    """
    match output_format:
        case FileFormat.TABLE:
            return to_table(table, width=width, ascii_only=ascii_only)
        case FileFormat.CSV:
            return to_csv(table)
        case FileFormat.JSON:
            return to_json(table)
        case _:
            raise ExportError(f"A table cannot be written as {output_format}.")
