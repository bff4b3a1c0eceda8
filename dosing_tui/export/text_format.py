"""An extract as a table of text: for people, in a terminal, a mail or a printed page."""

import math
from collections.abc import Sequence
from datetime import date, datetime, tzinfo

from dosing_tui.domain.messages.text_sanitizer import cells, clean_line, clean_text
from dosing_tui.domain.panels.filters import Dimension, described
from dosing_tui.export.table import Cell, Extract

GAP = 2
"""Cells between two columns."""
NARROWEST = 6
"""Text is not shortened further than this."""
_LONGEST = 120


def to_table(extract: Extract, *, width: int, ascii_only: bool = False) -> str:
    """A caption, the header, a line, the rows; no line is wider than ``width`` terminal cells."""
    texts = [
        [column.header for column in extract.columns],
        *([_cell(value, extract.zone) for value in row] for row in extract.rows),
    ]
    right = [_is_number(extract, place) for place in range(len(extract.columns))]
    widths = _widths(texts, right, width)
    lines = [_line(row, widths, right) for row in texts]
    rule = "─" * min(width, sum(widths) + GAP * (len(widths) - 1))
    shown = [clean_line(caption(extract), width - 1), lines[0], rule, *lines[1:]]
    # one that is still too wide has more numbers than fit
    cut = [line if cells(line) <= width else clean_text(line, limit=width - 1) for line in shown]
    return "\n".join(_ascii(line) if ascii_only else line for line in cut) + "\n"


def caption(extract: Extract) -> str:
    """'Error rate (%) · last 24 h · device station-1'; the zone of its times is in their offset."""
    unit = f" ({extract.unit})" if extract.unit else ""
    chosen = described(extract.selection, Dimension)
    return " · ".join(part for part in (f"{extract.title}{unit}", extract.range, chosen) if part)


def _cell(value: Cell, zone: tzinfo) -> str:
    match value:
        case None:
            return "–"
        case bool():
            return "yes" if value else "no"
        case float():
            return f"{value:.3f}".rstrip("0").rstrip(".") if math.isfinite(value) else "–"
        case datetime():
            local = value.astimezone(zone)
            seconds = "seconds" if local.second else "minutes"
            return local.replace(microsecond=0).isoformat(" ", timespec=seconds)
        case date():
            return value.isoformat()
        case _:
            return clean_text(str(value), limit=_LONGEST)


def _is_number(extract: Extract, place: int) -> bool:
    """No text and no time in it; a column without any value has its unit to tell by."""
    values = [row[place] for row in extract.rows if row[place] is not None]
    if not values:
        return bool(extract.columns[place].unit)
    return all(isinstance(value, int | float) for value in values)


def _widths(texts: Sequence[Sequence[str]], right: Sequence[bool], width: int) -> list[int]:
    """Of each column, texts shortened, the widest first, until the line fits."""
    widths = [max(map(cells, column)) for column in zip(*texts, strict=True)]
    while sum(widths) + GAP * (len(widths) - 1) > width:
        words = [n for n, number in enumerate(right) if not number and widths[n] > NARROWEST]
        if not words:
            break
        widths[max(words, key=lambda n: widths[n])] -= 1
    return widths


def _line(row: Sequence[str], widths: Sequence[int], right: Sequence[bool]) -> str:
    fitted = [
        text if cells(text) <= width else clean_text(text, limit=width - 1)
        for text, width in zip(row, widths, strict=True)
    ]
    padded = [
        " " * (width - cells(text)) + text if number else text + " " * (width - cells(text))
        for text, width, number in zip(fitted, widths, right, strict=True)
    ]
    return (" " * GAP).join(padded).rstrip()


def _ascii(text: str) -> str:
    """Each cell keeps its place; a letter that ASCII does not have is a question mark."""
    plain = {"–": "-", "─": "-", "·": "|", "…": "~"}
    return "".join(plain.get(c, c if c.isascii() else "?" * cells(c)) for c in text)
