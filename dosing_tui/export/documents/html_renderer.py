"""A document as one HTML file: nothing is loaded from elsewhere, and it prints on A4 as it looks."""

from collections.abc import Iterator, Sequence
from html import escape

from dosing_tui.domain.messages.text_sanitizer import clean_line
from dosing_tui.export.documents.document import (
    MAX_TEXT_CELLS,
    ColumnHeading,
    Document,
    DocumentField,
    DocumentRow,
    DocumentSection,
    DocumentTable,
    FieldList,
    SignatureBlock,
    TextBlock,
    TextLine,
)

LONG_TEXT_LENGTH = 20
"""Characters of a cell that may be broken anywhere."""
NARROW_TABLE_COLUMNS = 3
"""A table of so few columns is not drawn over the whole page: its rows would be hard to follow."""
STYLESHEET = """\
@page { size: A4; margin: 16mm 15mm 16mm; }
* { box-sizing: border-box; }
body { font: 10pt/1.4 "Helvetica Neue", Helvetica, Arial, "DejaVu Sans", sans-serif; color: #16202a;
       max-width: 190mm; margin: 10mm auto; padding: 0 5mm; }
header { display: flex; justify-content: space-between; align-items: baseline; gap: 8mm;
         border-bottom: 2pt solid #16202a; padding-bottom: 2mm; }
header h1 { font-size: 17pt; margin: 0; }
header .plant { color: #55626e; }
header .name { font: 600 11pt "DejaVu Sans Mono", Menlo, Consolas, monospace; text-align: right;
               overflow-wrap: anywhere; }
section { margin-top: 5mm; break-inside: auto; }
h2 { font-size: 10.5pt; margin: 0 0 1.5mm; padding-bottom: .8mm; border-bottom: .5pt solid #aab4bd;
     break-after: avoid; }
dl { display: grid; grid-template-columns: 42mm 1fr; margin: 0; gap: .6mm 0; }
dt { color: #55626e; }
dd { margin: 0; overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; margin: 1mm 0; font-variant-numeric: tabular-nums; }
thead { display: table-header-group; }
tr { break-inside: avoid; }
th { text-align: left; font-weight: 600; color: #55626e; border-bottom: .8pt solid #16202a; }
th, td { padding: .8mm 2mm .8mm 0; vertical-align: top; }
table.narrow { width: auto; min-width: 50%; }
th.right + th:not(.right), td.right + td:not(.right) { padding-left: 3mm; }
td.long { overflow-wrap: anywhere; }
td { border-bottom: .3pt solid #d5dbe0; }
th.right, td.right { text-align: right; white-space: nowrap; }
tr.total td { border-top: .8pt solid #16202a; border-bottom: 0; font-weight: 600; }
p { margin: .6mm 0; overflow-wrap: anywhere; }
.marked { font-weight: 700; color: #9c1c10; }
.marked::before { content: "!\\00a0"; }
tr.marked::before { content: none; }
tr.marked td:first-child::before { content: "!\\00a0"; }
.signatures { display: grid; grid-template-columns: 34mm 1fr 12mm 45mm; gap: 11mm 3mm; margin-top: 9mm;
              align-items: end; break-inside: avoid; }
.signatures i { border-bottom: .8pt solid #16202a; height: 6mm; }
footer { margin-top: 7mm; border-top: .5pt solid #aab4bd; padding-top: 1.5mm; color: #55626e; font-size: 8pt;
         overflow-wrap: anywhere; }
@media print { body { margin: 0; padding: 0; max-width: none; } }
"""


def to_html(document: Document) -> str:
    """Whatever the plant says is text in it, never markup."""
    title = f"{_escape_text(document.title)} {_escape_text(document.name)}"
    return "\n".join(
        (
            "<!DOCTYPE html>",
            '<html lang="en"><head><meta charset="utf-8">',
            '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; '
            "style-src 'unsafe-inline'\">",
            '<meta name="viewport" content="width=device-width, initial-scale=1">',
            f"<title>{title}</title>",
            f"<style>\n{STYLESHEET}</style></head><body>",
            f'<header><div><h1>{_escape_text(document.title)}</h1><div class="plant">{_escape_text(document.plant)}</div>'
            f'</div><div class="name">{_escape_text(document.name)}</div></header>',
            *(line for section in document.sections for line in _render_section(section)),
            f"<footer>{_escape_text(document.footer)}</footer>",
            "</body></html>\n",
        )
    )


def _escape_text(text: str) -> str:
    return escape(clean_line(text, MAX_TEXT_CELLS))


def _render_section(section: DocumentSection) -> Iterator[str]:
    yield f"<section><h2>{_escape_text(section.title)}</h2>"
    for block in section.blocks:
        match block:
            case FieldList():
                yield f"<dl>{''.join(map(_render_field, block.fields))}</dl>"
            case DocumentTable():
                yield from _render_table(block)
            case TextBlock():
                yield from map(_render_line, block.lines)
            case SignatureBlock():
                yield '<div class="signatures">'
                for role in block.roles:
                    yield f"<span>{_escape_text(role)}</span><i></i><span>Date</span><i></i>"
                yield "</div>"
    yield "</section>"


def _format_class(*names: str) -> str:
    known = " ".join(name for name in names if name)
    return f' class="{known}"' if known else ""


def _render_field(field: DocumentField) -> str:
    return f"<dt>{_escape_text(field.label)}</dt><dd{_format_class(field.is_flagged * 'marked')}>{_escape_text(field.value)}</dd>"


def _render_line(line: TextLine) -> str:
    return f"<p{_format_class(line.is_flagged * 'marked')}>{_escape_text(line.text)}</p>"


def _render_table(table: DocumentTable) -> Iterator[str]:
    if not table.rows:
        yield _render_line(TextLine(table.empty_text))
        return
    kinds = [
        _choose_class(heading, column)
        for heading, column in zip(table.headings, _transpose_rows(table), strict=True)
    ]
    titles = [_escape_text(heading.title) for heading in table.headings]
    names = (f"<th{_format_class(kind)}>{title}</th>" for title, kind in zip(titles, kinds, strict=True))
    narrow = "narrow" if len(kinds) <= NARROW_TABLE_COLUMNS else ""
    yield f"<table{_format_class(narrow)}><thead><tr>{''.join(names)}</tr></thead><tbody>"
    yield from (_render_row(row, kinds) for row in table.rows)
    yield "</tbody></table>"


def _transpose_rows(table: DocumentTable) -> Iterator[tuple[str, ...]]:
    return zip(*(row.cells for row in table.rows), strict=True)


def _choose_class(heading: ColumnHeading, column: tuple[str, ...]) -> str:
    """Only long text is broken within words; else the narrow columns would be."""
    if heading.is_right_aligned:
        return "right"
    return "long" if max(map(len, column)) > LONG_TEXT_LENGTH else ""


def _render_row(row: DocumentRow, kinds: Sequence[str]) -> str:
    cells = (
        f"<td{_format_class(kind)}>{_escape_text(text)}</td>"
        for text, kind in zip(row.cells, kinds, strict=True)
    )
    return f"<tr{_format_class(row.is_flagged * 'marked', row.is_total * 'total')}>{''.join(cells)}</tr>"
