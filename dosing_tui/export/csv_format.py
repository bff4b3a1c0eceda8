"""An extract as CSV (RFC 4180): for spreadsheets, which must not take text from the plant for formulas."""

import csv
import io
import math
from collections.abc import Iterable, Sequence
from datetime import date, datetime, tzinfo

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.export.table import Cell, Column, Extract

_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
"""How a cell begins that a spreadsheet calculates."""
LONGEST = 4000
"""Most terminal cells of one text."""


def to_csv(extract: Extract) -> str:
    """Header and rows of one panel."""
    return csv_of(extract.columns, extract.rows, extract.zone)


def csv_of(columns: Iterable[Column], rows: Iterable[Sequence[Cell]], zone: tzinfo) -> str:
    """Header and rows. Times are ISO-8601 with the plant's offset, numbers complete, missing is empty."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([_harmless(column.header) for column in columns])
    writer.writerows([_cell(value, zone) for value in row] for row in rows)
    return out.getvalue()


def _cell(value: Cell, zone: tzinfo) -> str:
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
            return _harmless(value)


def _harmless(text: str) -> str:
    """An apostrophe before what looks like a formula: spreadsheets then show it as it is."""
    clean = clean_text(text, limit=LONGEST)
    return f"'{clean}" if clean.startswith(_FORMULA) else clean
