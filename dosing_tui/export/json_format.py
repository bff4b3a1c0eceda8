"""An extract as JSON: for programs, with everything that says what the rows are rows of."""

import json
import math
from datetime import date, datetime, tzinfo
from typing import TypeAlias

from dosing_tui.domain.messages.text_sanitizer import clean_text
from dosing_tui.domain.panels.filters import Dimension
from dosing_tui.export.csv_format import LONGEST
from dosing_tui.export.table import Cell, Extract

Value: TypeAlias = str | int | float | bool | None


def to_json(extract: Extract) -> str:
    """One object; rows are objects by column name, missing is null, a filter that is not set is absent."""
    document = {
        "panel": extract.panel,
        "title": extract.title,
        "unit": extract.unit,
        "range": {
            "text": extract.range,
            "from": value_of(extract.since, extract.zone),
            "to": value_of(extract.until, extract.zone),
        },
        "selection": {
            dimension.value: [value_of(name, extract.zone) for name in extract.selection.of(dimension)]
            for dimension in Dimension
            if extract.selection.of(dimension)
        },
        "generated_at": value_of(extract.generated_at, extract.zone),
        "columns": [{"name": c.field, "title": c.title, "unit": c.unit} for c in extract.columns],
        "rows": [
            {c.field: value_of(cell, extract.zone) for c, cell in zip(extract.columns, row, strict=True)}
            for row in extract.rows
        ],
    }
    return json.dumps(document, ensure_ascii=False, allow_nan=False, indent=2) + "\n"


def value_of(cell: Cell, zone: tzinfo) -> Value:
    """In JSON: times in ISO 8601 with the zone's offset, what is no number is null, text is harmless."""
    match cell:
        case float():
            return cell if math.isfinite(cell) else None
        case datetime():
            return cell.astimezone(zone).isoformat()
        case date():
            return cell.isoformat()
        case str():
            return clean_text(cell, limit=LONGEST)
        case _:
            return cell
