"""A document as plain text, 80 columns wide: for a line printer, a mail, a terminal."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from dosing_tui.domain.messages.text_sanitizer import cells, clean_line, clean_text
from dosing_tui.export.documents.document import (
    LONGEST,
    Document,
    Facts,
    Heading,
    Line,
    Lines,
    Row,
    Section,
    Signatures,
    Table,
)

WIDTH = 80
MARGIN = 2
"""Cells at the left, in which a '!' marks what is to be looked at."""
GAP = 2
LABEL = 14
"""Least cells of a fact's label and its gap: what is left of a line takes a hash."""
ROLE = 20
INNER = WIDTH - MARGIN


def to_text(document: Document) -> str:
    """No line is wider than WIDTH terminal cells; nothing is left out, long text goes on below."""
    lines = list(_head(document))
    for section in document.sections:
        lines += ["", *_section(section)]
    lines += ["", "=" * WIDTH, *wrapped(document.foot, WIDTH)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def wrapped(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells, broken at spaces; a word that is too long is broken anywhere."""
    lines = [""]
    for word in clean_line(text, LONGEST).split():
        for piece in _pieces(word, width):
            joined = f"{lines[-1]} {piece}" if lines[-1] else piece
            if cells(joined) <= width:
                lines[-1] = joined
            else:
                lines.append(piece)
    return lines


def _pieces(word: str, width: int) -> Iterator[str]:
    piece = ""
    for character in word:
        if piece and cells(piece + character) > width:
            yield piece
            piece = ""
        piece += character
    yield piece


def _head(document: Document) -> Iterator[str]:
    name = clean_text(document.name, limit=WIDTH - len(document.title) - GAP)
    title = document.title.upper()
    yield "=" * WIDTH
    yield title + " " * (WIDTH - len(title) - cells(name)) + name
    yield from wrapped(document.plant, WIDTH)
    yield "=" * WIDTH


def _section(section: Section) -> Iterator[str]:
    yield section.title.upper()
    yield "-" * len(section.title)
    for block in section.blocks:
        match block:
            case Facts():
                yield from _facts(block)
            case Table():
                yield from _table(block)
            case Lines():
                for line in block.lines:
                    yield from _line(line)
            case Signatures():
                yield from _signatures(block)


def _facts(block: Facts) -> Iterator[str]:
    indent = max(LABEL, *(cells(clean_line(fact.label, INNER // 2)) + GAP for fact in block.facts))
    for fact in block.facts:
        margin, label = _margin(marked=fact.marked), clean_line(fact.label, INNER // 2)
        for text in wrapped(fact.value, INNER - indent):
            yield f"{margin}{label}{' ' * (indent - cells(label))}{text}"
            margin, label = " " * MARGIN, ""


def _margin(*, marked: bool) -> str:
    return "! " if marked else "  "


def _line(line: Line) -> Iterator[str]:
    for number, text in enumerate(wrapped(line.text, INNER)):
        yield f"{_margin(marked=line.marked and not number)}{text}"


def _table(table: Table) -> Iterator[str]:
    if not table.rows:
        yield from _line(Line(table.empty))
        return
    widths, gap = _widths(table)
    yield from _row(Row(tuple(heading.title for heading in table.headings)), table.headings, widths, gap)
    rule = " " * MARGIN + gap.join("-" * width for width in widths)
    yield rule
    for row in table.rows:
        if row.total:
            yield rule
        yield from _row(row, table.headings, widths, gap)


def _widths(table: Table) -> tuple[list[int], str]:
    """Of each column, the widest narrowed until the line fits; and what is between them."""
    texts = [[heading.title for heading in table.headings], *(row.cells for row in table.rows)]
    widths = [max(cells(clean_line(text, LONGEST)) for text in column) for column in zip(*texts, strict=True)]
    gap = " " * GAP if sum(widths) + GAP * (len(widths) - 1) <= INNER else " "
    room = INNER - len(gap) * (len(widths) - 1)
    least = [max(map(_longest_word, column)) for column in zip(*texts, strict=True)]
    while sum(widths) > room:
        # between words first; where that is not enough, the widest is broken anywhere
        loose = [n for n, width in enumerate(widths) if width > least[n]] or range(len(widths))
        widths[max(loose, key=lambda n: widths[n])] -= 1
    return widths, gap


def _longest_word(text: str) -> int:
    return max(map(cells, clean_line(text, LONGEST).split()), default=1)


def _row(row: Row, headings: Sequence[Heading], widths: Sequence[int], gap: str) -> Iterator[str]:
    columns = [wrapped(text, width) for text, width in zip(row.cells, widths, strict=True)]
    margin = _margin(marked=row.marked)
    for line in zip_longest(*columns, fillvalue=""):
        padded = [
            " " * (width - cells(text)) + text if heading.right else text + " " * (width - cells(text))
            for text, width, heading in zip(line, widths, headings, strict=True)
        ]
        yield margin + gap.join(padded)
        margin = " " * MARGIN


def _signatures(block: Signatures) -> Iterator[str]:
    for role in block.roles:
        yield ""
        yield ""
        yield f"  {role:<{ROLE}}{'_' * 28}  Date {'_' * 22}"
