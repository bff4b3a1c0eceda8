"""PDF pages: the only module that uses fpdf2."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout, VAlign, XPos, YPos
from fpdf.fonts import FontFace, TTFFont

from dosing_tui.domain.messages.text_sanitizer import REPLACEMENT, clean_line
from dosing_tui.export.documents.document import MAX_TEXT_CELLS, Document, DocumentField, DocumentTable

TEXT_COLOUR, MUTED_COLOUR, RULE_COLOUR = (22, 32, 42), (85, 98, 110), (170, 180, 189)
MARGIN, LABEL_WIDTH, LINE_HEIGHT, PADDING = 15.0, 42.0, 4.6, 1.5
NARROW_TABLE_COLUMNS = 3
"""Tables of at most this many columns are narrower than the page."""
FONT_SIZE, SMALL_FONT_SIZE = 9.0, 7.0


class PdfPages(FPDF):
    """A4 pages with the document's name at the top, its footer and the page number at the bottom."""

    def __init__(self, document: Document, *, made_at: datetime, font: Path | None) -> None:
        super().__init__(orientation="portrait", unit="mm", format="A4")
        self._document = document
        self._has_unicode_font = font is not None
        self._family = "helvetica"
        if font is not None:
            self._family = "dejavu"
            self.add_font(self._family, fname=font / "DejaVuSans.ttf")
            self.add_font(self._family, style="B", fname=font / "DejaVuSans-Bold.ttf")
        self.set_margin(MARGIN)
        self.set_auto_page_break(auto=True, margin=22)
        self.set_title(self._encode_text(f"{document.title} {document.name}"))
        self.set_creator("dosing-tui")
        self.set_creation_date(made_at)
        self.alias_nb_pages()
        self.add_page()

    def header(self) -> None:
        first = self.page_no() == 1
        self._set_text_style(17 if first else FONT_SIZE, bold=True)
        self.cell(70, 8 if first else 5, self._encode_text(self._document.title))
        self._set_text_style(10 if first else FONT_SIZE, bold=True)
        self._write_lines(self._document.name, 8 if first else 5, align=Align.R)
        if first:
            self._set_text_style(FONT_SIZE, grey=True)
            self._write_lines(self._document.plant, 5)
        self._draw_rule(0.6, TEXT_COLOUR)
        self.ln(2)

    def footer(self) -> None:
        self.set_y(-19)
        self._draw_rule(0.2, RULE_COLOUR)
        self._set_text_style(SMALL_FONT_SIZE, grey=True)
        y = self.get_y() + 1
        self.set_y(y)
        self.multi_cell(self.epw - 25, 3.2, self._encode_text(self._document.footer), align=Align.L)
        self.set_xy(-MARGIN - 25, y)
        self.cell(25, 3.2, f"Page {self.page_no()} of {{nb}}", align=Align.R)

    def add_heading(self, title: str) -> None:
        self._keep_together(22)
        self.ln(2.5)
        self._set_text_style(FONT_SIZE + 1.5, bold=True)
        self.cell(0, 6, self._encode_text(title), new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self._draw_rule(0.2, RULE_COLOUR)
        self.ln(1)

    def add_field(self, field: DocumentField) -> None:
        self._keep_together(LINE_HEIGHT)
        self._set_text_style(FONT_SIZE, grey=True)
        self.cell(LABEL_WIDTH, LINE_HEIGHT, self._encode_text(field.label))
        self.add_sentence(field.value, is_flagged=field.is_flagged)

    def add_sentence(self, text: str, *, is_flagged: bool = False) -> None:
        self._set_text_style(FONT_SIZE, bold=is_flagged)
        self._write_lines(_mark_text(text, is_flagged=is_flagged), LINE_HEIGHT)

    def add_table(self, table: DocumentTable) -> None:
        self.set_draw_color(*RULE_COLOUR)
        self.set_line_width(0.2)
        titles = tuple(heading.title for heading in table.headings)
        rows = [(_mark_text(row.cells[0], is_flagged=row.is_flagged), *row.cells[1:]) for row in table.rows]
        texts = [[self._encode_text(text) for text in row] for row in (titles, *rows)]
        widths = self._compute_widths(texts)
        needed_width = sum(widths) + 12 * len(widths)
        bold = FontFace(emphasis="BOLD")
        with self.table(
            align="LEFT",
            v_align=VAlign.T,
            width=self.epw if len(widths) > NARROW_TABLE_COLUMNS else min(self.epw, needed_width),
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            col_widths=widths,
            text_align=[Align.R if heading.is_right_aligned else Align.L for heading in table.headings],
            headings_style=FontFace(emphasis="BOLD", color=MUTED_COLOUR),
            line_height=LINE_HEIGHT,
            padding=(0.5, PADDING),
        ) as printed:
            printed.row(texts[0])
            for cells, row in zip(texts[1:], table.rows, strict=True):
                printed.row(cells, style=bold if row.is_flagged or row.is_total else None)

    def add_signatures(self, roles: Iterable[str]) -> None:
        for role in roles:
            self._keep_together(16)
            self.ln(11)
            self._set_text_style(FONT_SIZE)
            self.cell(LABEL_WIDTH, LINE_HEIGHT, self._encode_text(role))
            y = self.get_y() + LINE_HEIGHT
            self.set_draw_color(*TEXT_COLOUR)
            self.set_line_width(0.3)
            self.line(MARGIN + LABEL_WIDTH, y, MARGIN + LABEL_WIDTH + 70, y)
            self.set_x(MARGIN + LABEL_WIDTH + 74)
            self.cell(10, LINE_HEIGHT, "Date")
            self.line(MARGIN + LABEL_WIDTH + 86, y, self.w - MARGIN, y)
            self.ln(LINE_HEIGHT)

    def _compute_widths(self, texts: Sequence[Sequence[str]]) -> tuple[float, ...]:
        """Column widths in mm: the widest text of each; the widest columns shrink until all fit."""
        self._set_text_style(FONT_SIZE, bold=True)
        needed = [
            max(map(self.get_string_width, column)) + 2 * PADDING + 0.6 for column in zip(*texts, strict=True)
        ]
        self._set_text_style(FONT_SIZE)
        left, narrow = self.epw, sorted(needed)
        for number, width in enumerate(narrow):
            most = left / (len(narrow) - number)
            if width > most:
                return tuple(min(width, most) for width in needed)
            left -= width
        return tuple(needed)

    def _keep_together(self, height: float) -> None:
        if self.will_page_break(height):
            self.add_page()

    def _write_lines(self, text: str, height: float, align: Align = Align.L) -> None:
        self.multi_cell(0, height, self._encode_text(text), align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)

    def _set_text_style(self, size: float, *, bold: bool = False, grey: bool = False) -> None:
        self.set_font(self._family, "B" if bold else "", size)
        self.set_text_color(*(MUTED_COLOUR if grey else TEXT_COLOUR))

    def _draw_rule(self, width: float, colour: tuple[int, int, int]) -> None:
        self.set_draw_color(*colour)
        self.set_line_width(width)
        self.line(MARGIN, self.get_y(), self.w - MARGIN, self.get_y())

    def _encode_text(self, text: str) -> str:
        """Replace characters the font does not have by '?'."""
        clean = clean_line(text, MAX_TEXT_CELLS).replace(REPLACEMENT, "?")
        if not self._has_unicode_font:
            return clean.replace("≥", ">=").encode("latin-1", "replace").decode("latin-1")
        font = self.fonts[self._family]
        assert isinstance(font, TTFFont)  # a file was loaded
        return "".join(c if ord(c) in font.cmap else "?" for c in clean)


def _mark_text(text: str, *, is_flagged: bool) -> str:
    return f"! {text}" if is_flagged else text
