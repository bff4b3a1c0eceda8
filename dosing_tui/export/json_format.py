"""Writes an export table as JSON, with panel, range, filters, columns and units."""

import json
import math
from datetime import date, datetime, tzinfo
from typing import TypeAlias

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.export.table import CellValue, ExportTable

JsonValue: TypeAlias = str | int | float | bool | None
MAX_TEXT_CELLS = 4000
"""Longest text, in terminal cells."""


def to_json(table: ExportTable) -> str:
    """One object. Rows are objects by column name; missing is null; unset filters are absent."""
    document = {
        "panel": table.panel,
        "title": table.title,
        "unit": table.unit,
        "range": {
            "text": table.range,
            "from": cell_to_json(table.since, table.zone),
            "to": cell_to_json(table.until, table.zone),
        },
        "selection": {
            dimension.value: [
                cell_to_json(name, table.zone) for name in table.selection.get_values(dimension)
            ]
            for dimension in Dimension
            if table.selection.get_values(dimension)
        },
        "generated_at": cell_to_json(table.generated_at, table.zone),
        "columns": [{"name": c.field, "title": c.title, "unit": c.unit} for c in table.columns],
        "rows": [
            {c.field: cell_to_json(cell, table.zone) for c, cell in zip(table.columns, row, strict=True)}
            for row in table.rows
        ],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def cell_to_json(cell: CellValue, zone: tzinfo) -> JsonValue:
    """Times as ISO 8601 with offset, NaN and infinity as null, texts without control characters."""
    match cell:
        case float():
            return cell if math.isfinite(cell) else None
        case datetime():
            return cell.astimezone(zone).isoformat()
        case date():
            return cell.isoformat()
        case str():
            return clean_text(cell, limit=MAX_TEXT_CELLS)
        case _:
            return cell
