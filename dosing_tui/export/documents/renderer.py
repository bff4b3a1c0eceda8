"""Renders a document in the formats of the commands."""

from datetime import datetime

from dosing_tui.errors import ExportError
from dosing_tui.export.documents.document import Document
from dosing_tui.export.documents.file_format import FileFormat
from dosing_tui.export.documents.html_renderer import to_html
from dosing_tui.export.documents.pdf_renderer import to_pdf
from dosing_tui.export.documents.text_renderer import to_text


def render_document(document: Document, output_format: FileFormat, *, made_at: datetime) -> str | bytes:
    """Raises: ExportError, also if fpdf2 is not installed."""
    match output_format:
        case FileFormat.TEXT:
            return to_text(document)
        case FileFormat.HTML:
            return to_html(document)
        case FileFormat.PDF:
            return to_pdf(document, made_at=made_at)
        case _:
            raise ExportError(f"A document cannot be written as {output_format}.")
