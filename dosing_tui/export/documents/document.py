"""The content of a document, independent of its format: sections of fields, tables and lines.

Texts are as received. Each renderer cleans or escapes them for its format.
"""

from collections.abc import Sequence
from typing import TypeAlias

from msgspec import Struct

from dosing_tui.domain.quantities.quantity_text import format_count

MAX_TEXT_CELLS = 2_000
"""Longest text, in terminal cells; comments are shorter."""


class DocumentField(Struct, frozen=True):
    """``is_flagged`` marks what needs attention; renderers never show it by colour alone."""

    label: str
    value: str
    is_flagged: bool = False


class FieldList(Struct, frozen=True):
    fields: tuple[DocumentField, ...]


class ColumnHeading(Struct, frozen=True):
    """Heading of a column; columns of numbers are right-aligned."""

    title: str
    is_right_aligned: bool = False


class DocumentRow(Struct, frozen=True):
    """``is_total``: separated from the rows above by a line."""

    cells: tuple[str, ...]
    is_flagged: bool = False
    is_total: bool = False


class DocumentTable(Struct, frozen=True):
    """``empty_text`` replaces a table without rows."""

    headings: tuple[ColumnHeading, ...]
    rows: tuple[DocumentRow, ...]
    empty_text: str = "None."


class TextBlock(Struct, frozen=True):
    lines: tuple[str, ...]
    is_flagged: bool = False


class SignatureBlock(Struct, frozen=True):
    """Lines for handwritten signatures, one per role."""

    roles: tuple[str, ...]


DocumentBlock: TypeAlias = FieldList | DocumentTable | TextBlock | SignatureBlock


class DocumentSection(Struct, frozen=True):
    title: str
    blocks: tuple[DocumentBlock, ...]


class Document(Struct, frozen=True):
    """``name`` identifies it among documents of one ``title``; ``footer`` is on every page."""

    title: str
    name: str
    plant: str
    sections: tuple[DocumentSection, ...]
    footer: str


def mark_cut(rows: Sequence[DocumentRow], most: int, columns: int) -> tuple[DocumentRow, ...]:
    """The rows of a list that has at most so many; its last row says so where it may be cut."""
    if len(rows) < most:
        return tuple(rows)
    return (*rows, DocumentRow((f"no more than {format_count(most)} are listed", *[""] * (columns - 1))))


def make_headings(*titles: str) -> tuple[ColumnHeading, ...]:
    """A title such as '>Error g' is a column of numbers, right-aligned."""
    return tuple(ColumnHeading(title.removeprefix(">"), title.startswith(">")) for title in titles)


def make_field_list(*pairs: tuple[str, str] | tuple[str, str, bool]) -> FieldList:
    return FieldList(tuple(DocumentField(*pair) for pair in pairs))
