"""A document as PDF on A4, by fpdf2, which is installed with the extra 'pdf'."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dosing_tui.domain.messages.text_sanitizer import REPLACEMENT, clean_line
from dosing_tui.errors import ExportError
from dosing_tui.export.documents.document import (
    LONGEST,
    Document,
    Facts,
    Line,
    Lines,
    Section,
    Signatures,
    Table,
)

if TYPE_CHECKING:
    from dosing_tui.export.documents.pdf_pages import Sheets

MISSING = "PDF needs the package fpdf2: install dosing-tui with its extra 'pdf', or choose html or text."
FONTS = tuple(
    Path(folder)
    for folder in (
        "/usr/share/fonts/truetype/dejavu",
        "/usr/share/fonts/dejavu-sans-fonts",
        "/usr/share/fonts/TTF",
        "/usr/local/share/fonts/dejavu",
    )
)
"""Where DejaVu Sans may be: with it names from everywhere can be printed, without it only western ones."""


def to_pdf(document: Document, *, made_at: datetime, fonts: Sequence[Path] = FONTS) -> bytes:
    """What the font does not have is printed as '?'. Raises: ExportError, if fpdf2 is not installed."""
    try:
        # a large library, and most commands print no PDF
        from dosing_tui.export.documents.pdf_pages import Sheets
    except ImportError as error:
        raise ExportError(MISSING) from error
    sheets = Sheets(document, made_at=made_at, font=_font(fonts))
    for section in document.sections:
        _section(sheets, section)
    return sheets.done()


def _font(folders: Sequence[Path]) -> Path | None:
    """The folder that has both weights."""
    names = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
    return next((folder for folder in folders if all((folder / name).is_file() for name in names)), None)


def _section(sheets: "Sheets", section: Section) -> None:
    sheets.heading(_clean(section.title))
    for block in section.blocks:
        match block:
            case Facts():
                for fact in block.facts:
                    sheets.fact(_clean(fact.label), _marked(fact.value, marked=fact.marked), bold=fact.marked)
            case Table():
                _table(sheets, block)
            case Lines():
                for line in block.lines:
                    _line(sheets, line)
            case Signatures():
                sheets.signatures([_clean(role) for role in block.roles])


def _table(sheets: "Sheets", table: Table) -> None:
    if not table.rows:
        _line(sheets, Line(table.empty))
        return
    sheets.grid(
        [_clean(heading.title) for heading in table.headings],
        [heading.right for heading in table.headings],
        [
            ([_marked(text, marked=row.marked and not n) for n, text in enumerate(row.cells)],
             row.marked or row.total)
            for row in table.rows
        ],
    )  # fmt: skip


def _line(sheets: "Sheets", line: Line) -> None:
    sheets.sentence(_marked(line.text, marked=line.marked), bold=line.marked)


def _marked(text: str, *, marked: bool) -> str:
    return f"! {_clean(text)}" if marked else _clean(text)


def _clean(text: str) -> str:
    return clean_line(text, LONGEST).replace(REPLACEMENT, "?")
