"""A document before it has a form: sections of facts, tables and lines, the same for text, HTML and PDF.

Its text is as it came; each form makes it harmless in its own way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

MAX_TEXT_CELLS = 2_000
"""Most terminal cells of one text: a comment is shorter."""


@dataclass(frozen=True, slots=True)
class DocumentField:
    """``is_flagged`` is something to look at; it is never told by colour alone."""

    label: str
    value: str
    is_flagged: bool = False


@dataclass(frozen=True, slots=True)
class FieldList:
    fields: tuple[DocumentField, ...]


@dataclass(frozen=True, slots=True)
class ColumnHeading:
    """Of a column; numbers stand at its right."""

    title: str
    is_right_aligned: bool = False


@dataclass(frozen=True, slots=True)
class DocumentRow:
    """``is_total`` is set off from the rows above it."""

    cells: tuple[str, ...]
    is_flagged: bool = False
    is_total: bool = False


@dataclass(frozen=True, slots=True)
class DocumentTable:
    """``empty_text`` is said in its place where it has no rows."""

    headings: tuple[ColumnHeading, ...]
    rows: tuple[DocumentRow, ...]
    empty_text: str = "None."


@dataclass(frozen=True, slots=True)
class TextLine:
    text: str
    is_flagged: bool = False


@dataclass(frozen=True, slots=True)
class TextBlock:
    lines: tuple[TextLine, ...]


@dataclass(frozen=True, slots=True)
class SignatureBlock:
    """Room for pen and ink, for each of these."""

    roles: tuple[str, ...]


DocumentBlock: TypeAlias = FieldList | DocumentTable | TextBlock | SignatureBlock


@dataclass(frozen=True, slots=True)
class DocumentSection:
    title: str
    blocks: tuple[DocumentBlock, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """``name`` tells it from others of its ``title``; ``footer`` stands on every page."""

    title: str
    name: str
    plant: str
    sections: tuple[DocumentSection, ...]
    footer: str


def make_headings(*titles: str) -> tuple[ColumnHeading, ...]:
    """'>Error g' is a column of numbers."""
    return tuple(ColumnHeading(title.removeprefix(">"), title.startswith(">")) for title in titles)


def make_field_list(*pairs: tuple[str, str] | tuple[str, str, bool]) -> FieldList:
    return FieldList(tuple(DocumentField(*pair) for pair in pairs))


def make_text_block(lines: Iterable[str], *, is_flagged: bool = False) -> TextBlock:
    return TextBlock(tuple(TextLine(line, is_flagged) for line in lines))
