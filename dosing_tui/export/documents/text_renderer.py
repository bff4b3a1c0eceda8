"""Renders a document as plain text, 80 columns wide, for printer, mail and terminal."""

from collections.abc import Iterator, Sequence
from itertools import zip_longest

from dosing_tui.domain.messages.text_sanitizer import clean_line, clean_text, count_cells
from dosing_tui.export.documents.document import (
    MAX_TEXT_CELLS,
    ColumnHeading,
    Document,
    DocumentRow,
    DocumentSection,
    DocumentTable,
    FieldList,
    SignatureBlock,
    TextBlock,
)

PAGE_WIDTH = 80
MARGIN_WIDTH = 2
"""Cells at the left; a '!' in it marks what needs attention."""
COLUMN_GAP = 2
MIN_LABEL_WIDTH = 14
"""Smallest width of a label and its gap, in cells; the rest of the line holds a hash."""
ROLE_WIDTH = 20
TEXT_WIDTH = PAGE_WIDTH - MARGIN_WIDTH


def to_text(document: Document) -> str:
    """Render all of it; lines are at most ``PAGE_WIDTH`` terminal cells, longer texts are wrapped."""
    lines = list(_render_header(document))
    for section in document.sections:
        lines += ["", *_render_section(section)]
    lines += ["", "=" * PAGE_WIDTH, *wrap_text(document.footer, PAGE_WIDTH)]
    return "\n".join(line.rstrip() for line in lines) + "\n"


def wrap_text(text: str, width: int) -> list[str]:
    """Lines of at most ``width`` cells, broken at spaces; longer words are broken anywhere."""
    lines = [""]
    for word in clean_line(text, MAX_TEXT_CELLS).split():
        for piece in _split_word(word, width):
            joined = f"{lines[-1]} {piece}" if lines[-1] else piece
            if count_cells(joined) <= width:
                lines[-1] = joined
            else:
                lines.append(piece)
    return lines


def _split_word(word: str, width: int) -> Iterator[str]:
    piece = ""
    for character in word:
        if piece and count_cells(piece + character) > width:
            yield piece
            piece = ""
        piece += character
    yield piece


def _render_header(document: Document) -> Iterator[str]:
    name = clean_text(document.name, limit=PAGE_WIDTH - len(document.title) - COLUMN_GAP)
    title = document.title.upper()
    yield "=" * PAGE_WIDTH
    yield title + " " * (PAGE_WIDTH - len(title) - count_cells(name)) + name
    yield from wrap_text(document.plant, PAGE_WIDTH)
    yield "=" * PAGE_WIDTH


def _render_section(section: DocumentSection) -> Iterator[str]:
    title = wrap_text(section.title.upper(), PAGE_WIDTH)
    yield from title
    yield "-" * max(map(count_cells, title))
    for block in section.blocks:
        match block:
            case FieldList():
                yield from _render_fields(block)
            case DocumentTable():
                yield from _render_table(block)
            case TextBlock():
                for line in block.lines:
                    yield from _render_line(line, is_flagged=block.is_flagged)
            case SignatureBlock():
                yield from _render_signatures(block)


def _render_fields(block: FieldList) -> Iterator[str]:
    indent = max(
        MIN_LABEL_WIDTH,
        *(count_cells(clean_line(field.label, TEXT_WIDTH // 2)) + COLUMN_GAP for field in block.fields),
    )
    for field in block.fields:
        margin, label = _format_margin(is_flagged=field.is_flagged), clean_line(field.label, TEXT_WIDTH // 2)
        for text in wrap_text(field.value, TEXT_WIDTH - indent):
            yield f"{margin}{label}{' ' * (indent - count_cells(label))}{text}"
            margin, label = " " * MARGIN_WIDTH, ""


def _format_margin(*, is_flagged: bool) -> str:
    return "! " if is_flagged else "  "


def _render_line(line: str, *, is_flagged: bool = False) -> Iterator[str]:
    for number, text in enumerate(wrap_text(line, TEXT_WIDTH)):
        yield f"{_format_margin(is_flagged=is_flagged and not number)}{text}"


def _render_table(table: DocumentTable) -> Iterator[str]:
    if not table.rows:
        yield from _render_line(table.empty_text)
        return
    widths, gap = _fit_widths(table)
    yield from _render_row(
        DocumentRow(tuple(heading.title for heading in table.headings)), table.headings, widths, gap
    )
    rule = " " * MARGIN_WIDTH + gap.join("-" * width for width in widths)
    yield rule
    for row in table.rows:
        if row.is_total:
            yield rule
        yield from _render_row(row, table.headings, widths, gap)


def _fit_widths(table: DocumentTable) -> tuple[list[int], str]:
    """Return the column widths and the gap: the widest columns are narrowed until the line fits."""
    texts = [[heading.title for heading in table.headings], *(row.cells for row in table.rows)]
    widths = [
        max(count_cells(clean_line(text, MAX_TEXT_CELLS)) for text in column)
        for column in zip(*texts, strict=True)
    ]
    gap = " " * COLUMN_GAP if sum(widths) + COLUMN_GAP * (len(widths) - 1) <= TEXT_WIDTH else " "
    room = TEXT_WIDTH - len(gap) * (len(widths) - 1)
    least = [max(map(_measure_longest_word, column)) for column in zip(*texts, strict=True)]
    while sum(widths) > room:
        # break between words first; if that is not enough, break the widest column anywhere
        loose = [n for n, width in enumerate(widths) if width > least[n]] or range(len(widths))
        widths[max(loose, key=lambda n: widths[n])] -= 1
    return widths, gap


def _measure_longest_word(text: str) -> int:
    return max(map(count_cells, clean_line(text, MAX_TEXT_CELLS).split()), default=1)


def _render_row(
    row: DocumentRow, headings: Sequence[ColumnHeading], widths: Sequence[int], gap: str
) -> Iterator[str]:
    columns = [wrap_text(text, width) for text, width in zip(row.cells, widths, strict=True)]
    margin = _format_margin(is_flagged=row.is_flagged)
    for line in zip_longest(*columns, fillvalue=""):
        padded = [
            " " * (width - count_cells(text)) + text
            if heading.is_right_aligned
            else text + " " * (width - count_cells(text))
            for text, width, heading in zip(line, widths, headings, strict=True)
        ]
        yield margin + gap.join(padded)
        margin = " " * MARGIN_WIDTH


def _render_signatures(block: SignatureBlock) -> Iterator[str]:
    for role in block.roles:
        yield ""
        yield ""
        yield f"  {role:<{ROLE_WIDTH}}{'_' * 28}  Date {'_' * 22}"
