"""A document before it has a form: sections of facts, tables and lines, the same for text, HTML and PDF.

Its text is as it came; each form makes it harmless in its own way.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TypeAlias

LONGEST = 2_000
"""Most terminal cells of one text: a comment is shorter."""


@dataclass(frozen=True, slots=True)
class Fact:
    """``marked`` is something to look at; it is never told by colour alone."""

    label: str
    value: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Facts:
    facts: tuple[Fact, ...]


@dataclass(frozen=True, slots=True)
class Heading:
    """Of a column; numbers stand at its right."""

    title: str
    right: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """``total`` is set off from the rows above it."""

    cells: tuple[str, ...]
    marked: bool = False
    total: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """``empty`` is said in its place where it has no rows."""

    headings: tuple[Heading, ...]
    rows: tuple[Row, ...]
    empty: str = "None."


@dataclass(frozen=True, slots=True)
class Line:
    text: str
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Lines:
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Signatures:
    """Room for pen and ink, for each of these."""

    roles: tuple[str, ...]


Block: TypeAlias = Facts | Table | Lines | Signatures


@dataclass(frozen=True, slots=True)
class Section:
    title: str
    blocks: tuple[Block, ...]


@dataclass(frozen=True, slots=True)
class Document:
    """``name`` tells it from others of its ``title``; ``foot`` stands on every page."""

    title: str
    name: str
    plant: str
    sections: tuple[Section, ...]
    foot: str


def headings(*titles: str) -> tuple[Heading, ...]:
    """'>Error g' is a column of numbers."""
    return tuple(Heading(title.removeprefix(">"), title.startswith(">")) for title in titles)


def facts(*pairs: tuple[str, str] | tuple[str, str, bool]) -> Facts:
    return Facts(tuple(Fact(*pair) for pair in pairs))


def said(lines: Iterable[str], *, marked: bool = False) -> Lines:
    return Lines(tuple(Line(line, marked) for line in lines))
