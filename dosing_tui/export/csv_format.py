"""Writes an export table as CSV (RFC 4180). Texts that a spreadsheet would calculate are escaped."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import tzinfo

from dosing_tui.domain.panels.panel_columns import DataColumn
from dosing_tui.export.json_format import cell_to_json
from dosing_tui.export.table import CellValue, ExportTable

_FORMULA = re.compile(r"(^|;)(?=[=+\-@＝＋－＠])")
"""Where a formula begins: many spreadsheets also divide a line at semicolons, quoted or not."""


def to_csv(table: ExportTable) -> str:
    """Header and rows of a table."""
    return format_csv(table.columns, table.rows, table.zone)


def format_csv(columns: Iterable[DataColumn], rows: Iterable[Sequence[CellValue]], zone: tzinfo) -> str:
    """Header and rows. Times are ISO 8601 with the plant's offset, numbers unrounded, missing is empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_format_cell(column.header, zone) for column in columns])
    writer.writerows([_format_cell(value, zone) for value in row] for row in rows)
    return out.getvalue()


def _format_cell(value: CellValue, zone: tzinfo) -> str:
    """What looks like a formula gets an apostrophe in front, so that spreadsheets show it as text."""
    plain = cell_to_json(value, zone)
    if isinstance(plain, str):
        return _FORMULA.sub(r"\1'", plain)
    if isinstance(plain, float):
        return repr(plain).removesuffix(".0")  # the shortest text that is read back as the same number
    return "" if plain is None else str(plain).lower() if isinstance(plain, bool) else str(plain)
