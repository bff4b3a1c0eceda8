"""The HTML of a document: the same elements and texts as before the template (docs/adr/0007)."""

from html.parser import HTMLParser
from pathlib import Path

import pytest

from dosing_tui.export.documents.document import (
    Document,
    DocumentBlock,
    DocumentField,
    DocumentRow,
    DocumentSection,
    DocumentTable,
    FieldList,
    SignatureBlock,
    TextBlock,
    make_field_list,
    make_headings,
)
from dosing_tui.export.documents.html_renderer import to_html

EXPECTED_FOLDER = Path(__file__).parent / "expected_html"
HOSTILE = "</style><b class=\"x\">'&lt;' {{ 7 * 7 }}\n\x1b[2J \u202eevil"


def make_document(*blocks: DocumentBlock, name: str = "station-20261124-007") -> Document:
    section = DocumentSection("Section", blocks)
    return Document("Batch record", name, "Plant <1> & co", (section,), f"{name}, foot")


DOCUMENTS = {
    "fields_and_lines": make_document(
        make_field_list(("Recipe", "CU-65/75"), ("Status", "aborted", True), ("Comment", "")),
        TextBlock(("1. not complete.",), is_flagged=True),
        TextBlock(("None.", "Second line")),
        SignatureBlock(("Reviewed by", "Approved by")),
    ),
    "tables": make_document(
        DocumentTable(
            make_headings("Chemical", ">Target", ">Actual", "Verdict", "Comment"),
            (
                DocumentRow(("T-12", "40.00", "40.10", "ok", "a comment of more than twenty letters")),
                DocumentRow(("BDO", "12.00", "9.10", "OUT", ""), is_flagged=True),
                DocumentRow(("Sum", "52.00", "49.20", "", ""), is_flagged=True, is_total=True),
                DocumentRow(("Total", "52.00", "49.20", "", ""), is_total=True),
            ),
        ),
        DocumentTable(make_headings("Chemical", ">Dosed"), (DocumentRow(("T-12", "1" * 30)),)),
        DocumentTable(make_headings("Time", "Note"), (), "No notes."),
    ),
    "hostile_texts": make_document(
        FieldList((DocumentField(HOSTILE, HOSTILE, True),)),
        DocumentTable(make_headings(HOSTILE, ">g"), (DocumentRow((HOSTILE, HOSTILE), is_flagged=True),)),
        DocumentTable(make_headings("Time"), (), HOSTILE),
        TextBlock((HOSTILE,)),
        SignatureBlock((HOSTILE,)),
        name=HOSTILE,
    ),
}


class PageReader(HTMLParser):
    """The elements, attributes and texts of a page in their order, white space normalised."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.parts: list[object] = []
        self.feed(page)

    def handle_decl(self, decl: str) -> None:
        self.parts.append(decl)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append((tag, *attrs))

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if text := " ".join(data.split()):
            self.parts.append(text)


@pytest.mark.parametrize("name", DOCUMENTS)
def test_the_elements_and_texts_of_a_page_are_as_expected(name: str) -> None:
    expected = (EXPECTED_FOLDER / f"{name}.html").read_text("utf-8")
    assert PageReader(to_html(DOCUMENTS[name])).parts == PageReader(expected).parts
