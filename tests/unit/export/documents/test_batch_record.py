"""Documents keep every word in every format, and texts from the plant never become markup."""

import re
import sys
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

import pypdfium2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dosing_tui.domain.messages.text_sanitizer import clean_line, count_cells
from dosing_tui.errors import ExportError
from dosing_tui.export.documents import pdf_renderer
from dosing_tui.export.documents.document import (
    Document,
    DocumentRow,
    DocumentSection,
    DocumentTable,
    SignatureBlock,
    TextBlock,
    make_field_list,
    make_headings,
)
from dosing_tui.export.documents.html_renderer import to_html
from dosing_tui.export.documents.pdf_renderer import to_pdf
from dosing_tui.export.documents.text_renderer import PAGE_WIDTH, to_text, wrap_text
from tests.support.tui.sample_plant import HOSTILE

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)


def make_document(*texts: str) -> Document:
    """The texts in every kind of block."""
    first, second, third = (*texts, "x", "y", "z")[:3]
    blocks = (
        make_field_list((first, second, True), ("Other", third)),
        DocumentTable(
            make_headings("Name", ">g", "Comment"),
            (DocumentRow((first, "1.00", second), is_flagged=True), DocumentRow((third, "2", ""))),
        ),
        DocumentTable(make_headings("Name"), (), f"No {first}."),
        TextBlock((first, second), is_flagged=True),
        SignatureBlock(("Reviewed by",)),
    )
    return Document("Batch record", first, second, (DocumentSection(third, blocks),), f"foot {first}")


TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=120)


@given(TEXTS, TEXTS, TEXTS)
def test_no_line_of_text_is_wider_than_the_paper(one: str, two: str, three: str) -> None:
    for line in to_text(make_document(one, two, three)).splitlines():
        assert count_cells(line) <= PAGE_WIDTH


@pytest.mark.parametrize(
    "title", ["a" * 81, "ß" * 41, "long " * 20], ids=["one word", "wider in capitals", "words"]
)
def test_a_long_section_title_is_broken_at_the_paper_width(title: str) -> None:
    assert all(
        count_cells(line) <= PAGE_WIDTH for line in to_text(make_document("a", "b", title)).splitlines()
    )


@given(st.text("ab 龍é", max_size=200), st.integers(2, 30))
def test_wrapping_loses_nothing_but_spaces(text: str, width: int) -> None:
    lines = wrap_text(text, width)
    assert all(count_cells(line) <= width for line in lines)
    assert "".join(lines).replace(" ", "") == clean_line(text, 2000).replace(" ", "")


def test_a_long_comment_is_printed_whole() -> None:
    comment = " ".join(f"word{number}" for number in range(80))
    found = to_text(make_document("a", comment, "b"))
    assert all(found.count(f"word{number}") >= 2 for number in range(80))


def test_text_marks_what_needs_attention_in_the_margin() -> None:
    lines = to_text(make_document("T-12", "OUT")).splitlines()
    assert [line for line in lines if line.startswith("! ")] == [
        "! T-12          OUT", "! T-12  1.00  OUT", "! T-12", "! OUT",
    ]  # fmt: skip


class Reader(HTMLParser):
    """Tags and attributes of a page, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.links: list[str] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        self.links += [name for name, _ in attrs if name in ("src", "href", "onclick")]

    def handle_data(self, data: str) -> None:
        self.text += data


ATTACKS = ["<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "</style><b>", HOSTILE, "&lt;b&gt;"]


@pytest.mark.parametrize("attack", ATTACKS)
def test_html_shows_hostile_texts_without_interpreting_them(attack: str) -> None:
    page, plain = Reader(to_html(make_document(attack, attack))), Reader(to_html(make_document("a", "a")))
    assert page.tags == plain.tags
    assert page.links == []
    assert clean_line(attack, 500) in page.text


def test_html_loads_nothing_from_elsewhere() -> None:
    page = to_html(make_document("a", "b"))
    assert re.findall(r"https?://|@import|url\(", page) == []
    assert "default-src 'none'" in page


def pdf_pages(data: bytes) -> list[str]:
    return [" ".join(page.get_textpage().get_text_range().split()) for page in pypdfium2.PdfDocument(data)]


def pdf_text(data: bytes) -> str:
    return "\n".join(pdf_pages(data))


@pytest.mark.parametrize("fonts", [pdf_renderer.FONT_FOLDERS, ()])
def test_a_pdf_holds_the_same_words_with_and_without_a_font_of_the_system(fonts: tuple[Path, ...]) -> None:
    found = pdf_text(to_pdf(make_document("CU-65/75", "OUT by +3.20 g", "Stock"), made_at=NOW, fonts=fonts))
    for word in ("Batch record", "CU-65/75", "! OUT by +3.20 g", "Stock", "Reviewed by", "Page 1 of 1"):
        assert word in found


def test_a_pdf_prints_a_question_mark_for_what_its_font_does_not_have() -> None:
    found = pdf_text(to_pdf(make_document("龍 \x1b[2J \u202eevil", "Łukasik"), made_at=NOW, fonts=()))
    assert "? ?[2J ?evil" in found
    assert "?ukasik" in found


def test_a_long_pdf_has_its_name_and_number_on_every_page() -> None:
    rows = tuple(DocumentRow((f"row {number}", "1.00", "comment")) for number in range(150))
    long = Document(
        "Batch record",
        "a-001",
        "Plant",
        (DocumentSection("S", (DocumentTable(make_headings("A", ">B", "C"), rows),)),),
        "f",
    )
    texts = pdf_pages(to_pdf(long, made_at=NOW))
    assert len(texts) > 2
    for number, text in enumerate(texts, start=1):
        assert f"Page {number} of {len(texts)}" in text
        assert "a-001" in text
    assert all(f"row {number}" in "".join(texts) for number in range(150))


def test_without_fpdf2_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "dosing_tui.export.documents.pdf_pages", None)
    with pytest.raises(ExportError, match="extra 'pdf'"):
        to_pdf(make_document("a"), made_at=NOW)
