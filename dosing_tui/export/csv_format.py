"""An extract as CSV (RFC 4180): for spreadsheets, which must not take text from the plant for formulas."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.export.table import CellValue, ExportColumn, ExportTable

_FORMULA_PREFIXES = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet calculates."""
MAX_TEXT_CELLS = 4000
"""Most terminal cells of one text."""


def to_csv(table: ExportTable) -> str:
    """Header and rows of one panel."""
    return format_csv(table.columns, table.rows, table.zone)


def format_csv(columns: Iterable[ExportColumn], rows: Iterable[Sequence[CellValue]], zone: tzinfo) -> str:
    """Header and rows. Times are ISO-8601 with the plant's offset, numbers complete, missing is empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_escape_formula(column.header) for column in columns])
    writer.writerows([_format_cell(value, zone) for value in row] for row in rows)
    return out.getvalue()


def _format_cell(value: CellValue, zone: tzinfo) -> str:
    match value:
        case None:
            return ""
        case bool():
            return "true" if value else "false"
        case float():
            return repr(value) if math.isfinite(value) else ""
        case int():
            return str(value)
        case datetime():
            return value.astimezone(zone).isoformat()
        case date():
            return value.isoformat()
        case str():
            return _escape_formula(value)


def _escape_formula(text: str) -> str:
    """An apostrophe before what looks like a formula: spreadsheets then show it as it is."""
    clean = clean_text(text, limit=MAX_TEXT_CELLS)
    return f"'{clean}" if clean.startswith(_FORMULA_PREFIXES) else clean
