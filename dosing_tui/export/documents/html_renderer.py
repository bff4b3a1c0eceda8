"""A document as one HTML file: it loads nothing from elsewhere and prints on A4. The template is the page."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.export.documents.document import MAX_TEXT_CELLS, Document, DocumentBlock, DocumentTable

if TYPE_CHECKING:
    from jinja2 import Template

TEMPLATE_NAME = "document.html.jinja"
LONG_TEXT_LENGTH = 20
"""Characters; a column with a longer text may be broken within words."""


def to_html(document: Document) -> str:
    """Render the template. Texts from the plant are escaped; they never become markup."""
    return _load_template().render(document=document)


@cache
def _load_template() -> "Template":
    # only the commands that print HTML need the time this takes
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(Path(__file__).parent),
        autoescape=True,
        finalize=_clean_text,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.globals["list_column_classes"] = _list_column_classes
    environment.tests["kind"] = _is_kind
    return environment.get_template(TEMPLATE_NAME)


def _is_kind(block: DocumentBlock, name: str) -> bool:
    return type(block).__name__ == name


def _clean_text(value: object) -> object:
    """Remove control characters from every text of the page; the output of macros is clean already."""
    return clean_line(value, MAX_TEXT_CELLS) if type(value) is str else value


def _list_column_classes(table: DocumentTable) -> list[str]:
    """Return 'right', 'long' or '' for each column of a table that has rows."""
    columns = zip(*(row.cells for row in table.rows), strict=True)
    return [
        "right" if heading.is_right_aligned else "long" if max(map(len, column)) > LONG_TEXT_LENGTH else ""
        for heading, column in zip(table.headings, columns, strict=True)
    ]
