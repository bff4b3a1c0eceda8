"""Writes an export table as CSV (RFC 4180). Texts that a spreadsheet would calculate are escaped."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.export.table import CellValue, ExportColumn, ExportTable

_FORMULA_PREFIXES = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""First characters of a formula."""
MAX_TEXT_CELLS = 4000
"""Longest text, in terminal cells."""


def to_csv(table: ExportTable) -> str:
    """Header and rows of a table."""
    return format_csv(table.columns, table.rows, table.zone)


def format_csv(columns: Iterable[ExportColumn], rows: Iterable[Sequence[CellValue]], zone: tzinfo) -> str:
    """Header and rows. Times are ISO 8601 with the plant's offset, numbers unrounded, missing is empty."""
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
    """Prefix an apostrophe to what looks like a formula, so that spreadsheets show it as text."""
    clean = clean_text(text, limit=MAX_TEXT_CELLS)
    return f"'{clean}" if clean.startswith(_FORMULA_PREFIXES) else clean
