"""Renders a document as PDF on A4 with fpdf2 (installed with the extra 'pdf')."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dosing_tui.domain.messages.text_sanitizer import REPLACEMENT, clean_line
from dosing_tui.errors import ExportError
from dosing_tui.export.documents.document import (
    MAX_TEXT_CELLS,
    Document,
    DocumentSection,
    DocumentTable,
    FieldList,
    SignatureBlock,
    TextBlock,
)

if TYPE_CHECKING:
    from dosing_tui.export.documents.pdf_pages import PdfPages

INSTALL_HINT = "PDF needs the package fpdf2: install dosing-tui with its extra 'pdf', or choose html or text."
FONT_FOLDERS = tuple(
    Path(folder)
    for folder in (
        "/usr/share/fonts/truetype/dejavu",
        "/usr/share/fonts/dejavu-sans-fonts",
        "/usr/share/fonts/TTF",
        "/usr/local/share/fonts/dejavu",
    )
)
"""Folders searched for DejaVu Sans. Without it, only Latin-1 can be printed."""


def to_pdf(document: Document, *, made_at: datetime, fonts: Sequence[Path] = FONT_FOLDERS) -> bytes:
    """Characters missing in the font become '?'. Raises: ExportError, if fpdf2 is not installed."""
    try:
        # a large library that most commands do not need
        from dosing_tui.export.documents.pdf_pages import PdfPages
    except ImportError as error:
        raise ExportError(INSTALL_HINT) from error
    pages = PdfPages(document, made_at=made_at, font=_find_font(fonts))
    for section in document.sections:
        _add_section(pages, section)
    return bytes(pages.output())


def _find_font(folders: Sequence[Path]) -> Path | None:
    """The first folder with both weights, None if there is none."""
    names = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
    return next((folder for folder in folders if all((folder / name).is_file() for name in names)), None)


def _add_section(pages: "PdfPages", section: DocumentSection) -> None:
    pages.add_heading(_sanitize_text(section.title))
    for block in section.blocks:
        match block:
            case FieldList():
                for field in block.fields:
                    pages.add_field(
                        _sanitize_text(field.label),
                        _format_text(field.value, is_flagged=field.is_flagged),
                        bold=field.is_flagged,
                    )
            case DocumentTable():
                _add_table(pages, block)
            case TextBlock():
                for line in block.lines:
                    _add_line(pages, line, is_flagged=block.is_flagged)
            case SignatureBlock():
                pages.add_signatures([_sanitize_text(role) for role in block.roles])


def _add_table(pages: "PdfPages", table: DocumentTable) -> None:
    if not table.rows:
        _add_line(pages, table.empty_text)
        return
    pages.add_table(
        [_sanitize_text(heading.title) for heading in table.headings],
        [heading.is_right_aligned for heading in table.headings],
        [
            ([_format_text(text, is_flagged=row.is_flagged and not n) for n, text in enumerate(row.cells)],
             row.is_flagged or row.is_total)
            for row in table.rows
        ],
    )  # fmt: skip


def _add_line(pages: "PdfPages", line: str, *, is_flagged: bool = False) -> None:
    pages.add_sentence(_format_text(line, is_flagged=is_flagged), bold=is_flagged)


def _format_text(text: str, *, is_flagged: bool) -> str:
    return f"! {_sanitize_text(text)}" if is_flagged else _sanitize_text(text)


def _sanitize_text(text: str) -> str:
    return clean_line(text, MAX_TEXT_CELLS).replace(REPLACEMENT, "?")
