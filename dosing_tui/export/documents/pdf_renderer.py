"""Renders a document as PDF on A4 with fpdf2 (installed with the extra 'pdf')."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from dosing_tui.errors import ExportError
from dosing_tui.export.documents.document import (
    Document,
    DocumentBlock,
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
        pages.add_heading(section.title)
        for block in section.blocks:
            _add_block(pages, block)
    return bytes(pages.output())


def _find_font(folders: Sequence[Path]) -> Path | None:
    """The first folder with both weights, None if there is none."""
    names = ("DejaVuSans.ttf", "DejaVuSans-Bold.ttf")
    return next((folder for folder in folders if all((folder / name).is_file() for name in names)), None)


def _add_block(pages: "PdfPages", block: DocumentBlock) -> None:
    match block:
        case FieldList():
            for field in block.fields:
                pages.add_field(field)
        case DocumentTable() if block.rows:
            pages.add_table(block)
        case DocumentTable():
            pages.add_sentence(block.empty_text)
        case TextBlock():
            for line in block.lines:
                pages.add_sentence(line, is_flagged=block.is_flagged)
        case SignatureBlock():
            pages.add_signatures(block.roles)
