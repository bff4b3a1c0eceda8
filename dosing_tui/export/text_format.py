"""Writes an export table as aligned text, for terminal, mail and print."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, datetime, tzinfo

from dosing_tui.domain.labels.name_labels import fit_labels
from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text, count_cells
from dosing_tui.domain.panels.filters import Dimension, describe_selection
from dosing_tui.domain.quantities.quantity_text import format_count, format_decimal
from dosing_tui.export.table import CellValue, ExportTable

COLUMN_GAP = 2
"""Cells between columns."""
MIN_TEXT_WIDTH = 6
"""Columns of text are not made narrower than this, in cells."""
_MAX_TEXT_CELLS = 120


def to_table(table: ExportTable, *, width: int, ascii_only: bool = False) -> str:
    """Caption, header, rule and rows; no line is wider than ``width`` terminal cells."""
    texts = [
        [column.header for column in table.columns],
        *([_format_cell(value, table.zone) for value in row] for row in table.rows),
    ]
    right = [_is_numeric_column(table, place) for place in range(len(table.columns))]
    widths = _fit_widths(texts, right, width)
    columns = [
        _fit_column(column, width) for column, width in zip(zip(*texts, strict=True), widths, strict=True)
    ]
    lines = [_format_row(row, widths, right) for row in zip(*columns, strict=True)]
    rule = "─" * min(width, sum(widths) + COLUMN_GAP * (len(widths) - 1))
    shown = [clean_line(format_caption(table), width - 1), lines[0], rule, *lines[1:]]
    # columns of numbers keep their width, so a line may still be too wide
    cut = [line if count_cells(line) <= width else clean_text(line, limit=width - 1) for line in shown]
    return "\n".join(_to_ascii(line) if ascii_only else line for line in cut) + "\n"


def format_caption(table: ExportTable) -> str:
    """'Error rate (%) · last 24 h · device station-1'; the times carry their own offset."""
    unit = f" ({table.unit})" if table.unit else ""
    chosen = describe_selection(table.selection, Dimension)
    return " · ".join(part for part in (f"{table.title}{unit}", table.range, chosen) if part)


def _format_cell(value: CellValue, zone: tzinfo) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case float():
            return format_decimal(value, 3).rstrip("0").rstrip(".")
        case int():
            return format_count(value)
        case datetime():
            local = value.astimezone(zone)
            seconds = "seconds" if local.second else "minutes"
            return local.replace(microsecond=0).isoformat(" ", timespec=seconds)
        case date():
            return value.isoformat()
        case _:
            return clean_text(str(value), limit=_MAX_TEXT_CELLS)


def _is_numeric_column(table: ExportTable, place: int) -> bool:
    """Whether all values are numbers; a column without values is numeric if it has a unit."""
    values = [row[place] for row in table.rows if row[place] is not None]
    if not values:
        return bool(table.columns[place].unit)
    return all(isinstance(value, int | float) for value in values)


def _fit_widths(texts: Sequence[Sequence[str]], right: Sequence[bool], width: int) -> list[int]:
    """Column widths: the widest columns of text shrink until the line fits."""
    widths = [max(map(count_cells, column)) for column in zip(*texts, strict=True)]
    while sum(widths) + COLUMN_GAP * (len(widths) - 1) > width:
        words = [n for n, number in enumerate(right) if not number and widths[n] > MIN_TEXT_WIDTH]
        if not words:
            break
        widths[max(words, key=lambda n: widths[n])] -= 1
    return widths


def _fit_column(texts: Sequence[str], width: int) -> list[str]:
    """Cut at their ends; names that would then look the same are cut where they differ."""
    cut = {text: text if count_cells(text) <= width else clean_text(text, limit=width - 1) for text in texts}
    counts = Counter(cut.values())
    if len(counts) < len(cut):
        alike = [text for text, shown in cut.items() if counts[shown] > 1]
        labels = fit_labels(cut, width)
        cut.update((text, labels[text]) for text in alike)
    return [cut[text] for text in texts]


def _format_row(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    padded = [
        " " * (width - count_cells(text)) + text if number else text + " " * (width - count_cells(text))
        for text, width, number in zip(row, widths, right, strict=True)
    ]
    return (" " * COLUMN_GAP).join(padded).rstrip()


def _to_ascii(text: str) -> str:
    """Replace non-ASCII characters by ones of the same width, '?' if there is no equivalent."""
    plain = {"–": "-", "─": "-", "·": "|", "…": "~"}
    return "".join(plain.get(c, c if c.isascii() else "?" * count_cells(c)) for c in text)
