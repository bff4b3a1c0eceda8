"""Palette and glyphs of this terminal, for every widget, and the replacements of missing glyphs."""

from collections.abc import Iterable, Mapping
from typing import TypeAlias

from msgspec import Struct
from rich.cells import get_character_cell_size

from dosing_tui.config.settings import GlyphMode
from dosing_tui.tui.rendering.canvas import Cell
from dosing_tui.tui.rendering.palette import DARK, CellStyle, ColourRole, Palette

_COLOUR_COUNTS = {"truecolor": 1 << 24, "256": 256, "standard": 16, "windows": 16}


class TerminalTheme(Struct, frozen=True):
    palette: Palette = DARK
    glyphs: GlyphMode = GlyphMode.UNICODE

    def translate_character(self, cell: str) -> str:
        """The character that is sent for a cell: every character on the screen passes here."""
        if cell.isascii() and cell.isprintable():
            return cell
        ascii_only = self.glyphs is GlyphMode.ASCII
        if ascii_only:
            # a replacement for each cell of the character, and none for its combining marks
            cell = cell[:1] * get_character_cell_size(cell[0]) if cell else cell
        return replace_glyphs(cell, _TABLES.get(self.glyphs, {}), ascii_only=ascii_only)

    def translate_cells(self, cells: Iterable[str]) -> str:
        """The same of neighbouring cells, in one go where that is possible."""
        if self.glyphs is GlyphMode.ASCII:
            return "".join(map(self.translate_character, cells))
        return replace_glyphs("".join(cells), _TABLES.get(self.glyphs, {}), ascii_only=False)

    def adapt_cells(self, row: Iterable[Cell]) -> Iterable[Cell]:
        """Each cell as of ``adapt_cell``."""
        if self.palette.is_monochrome or self.glyphs is GlyphMode.ASCII:
            return map(self.adapt_cell, row)
        return row

    def adapt_cell(self, cell: Cell) -> Cell:
        """The cell without two colours if the terminal cannot show them."""
        character, pen = cell
        ascii_only = self.glyphs is GlyphMode.ASCII
        under_crest = pen.bg is ColourRole.ACCENT and pen.fg is ColourRole.AREA
        if under_crest and (self.palette.is_monochrome or ascii_only):
            return "█", CellStyle(ColourRole.ACCENT)
        if ascii_only and pen.fg is ColourRole.BACKGROUND and character == "▏":
            return "▏", CellStyle(pen.bg)
        return cell


def count_colours(color_system: str | None) -> int:
    """Number of colours by rich's name of the colour system; all colours without a terminal."""
    return _COLOUR_COUNTS["truecolor"] if color_system is None else _COLOUR_COUNTS.get(color_system, 16)


REPLACEMENT = "?"
GlyphTable: TypeAlias = Mapping[int, str]


def _map_braille() -> dict[str, str]:
    """Thin lines where a cell has dots in one half only, a colon where it has them in both."""
    upper, lower = 0b0001_1011, 0b1110_0100
    return {
        chr(0x2800 + dots): "'" if not dots & lower else "." if not dots & upper else ":"
        for dots in range(1, 256)
    }


CONSOLE: GlyphTable = str.maketrans(
    {
        **_map_braille(),
        # text console fonts have the full block and two shades, and no eighths
        **dict.fromkeys("▁▂", "_"), "▃": "░", **dict.fromkeys("▄▅▆▇", "▒"),
        **dict.fromkeys("▏▎", "│"), **dict.fromkeys("▍▌", "▒"), **dict.fromkeys("▋▊▉", "█"),
        "▐": "▒", "▀": "▒", "▖": "▒", "▗": "▒", "◆": "●", "╭": "┌", "╮": "┐", "╰": "└", "╯": "┘",
        "┊": "│", "┄": "─", "›": ">", "…": "~", "−": "-", "○": "o", "□": "#", "◇": "*", "╷": ".",
        "╵": "'", "▼": "v", "⏎": "↵", "✓": "+", "✗": "x", "–": "-",
    }
)  # fmt: skip
ASCII: GlyphTable = str.maketrans(
    {
        **_map_braille(),
        **dict.fromkeys("▁▂", "_"), **dict.fromkeys("▃▄▅", "="), **dict.fromkeys("▆▇█", "#"),
        **dict.fromkeys("▏▎", "|"), **dict.fromkeys("▍▌▐▀▒▖▗", "="), **dict.fromkeys("▋▊▉", "#"),
        **dict.fromkeys("╭╮╰╯┌┐└┘┬┴┼├┤", "+"), **dict.fromkeys("─┄", "-"), **dict.fromkeys("│┊", "|"),
        "■": "#", "▲": "!", "◆": "*", "●": "o", "○": ".", "›": ">", "…": "~", "−": "-", "·": ".",
        "↑": "^", "↓": "v", "←": "<", "→": ">", "⏎": "^", "✓": "+", "✗": "x", "±": "~", "–": "-", "×": "x",
        "□": "_", "◇": "*", "•": "@", "╷": ".", "╵": "'", "▼": "v", "░": ":", "≥": ">", "≤": "<",
    }
)  # fmt: skip

_TABLES = {GlyphMode.CONSOLE: CONSOLE, GlyphMode.ASCII: ASCII}


def resolve_glyphs(setting: GlyphMode, *, term: str, encoding: str) -> GlyphMode:
    """The profile for this terminal; a stream that is not UTF-8 always gets ascii."""
    if encoding.lower().replace("-", "").replace("_", "") not in {"utf8", "utf8sig"}:
        return GlyphMode.ASCII
    if setting is not GlyphMode.AUTO:
        return setting
    return GlyphMode.CONSOLE if term.split("-")[0] == "linux" else GlyphMode.UNICODE


def replace_glyphs(text: str, table: GlyphTable, *, ascii_only: bool) -> str:
    """Text for the terminal: glyphs replaced by ``table``, anything else that is not printable by ``?``."""
    if text.isascii() and text.isprintable():
        return text
    drawn = text.translate(table) if table else text
    if not ascii_only and drawn.isprintable():
        return drawn
    return "".join(
        character if character.isprintable() and (character.isascii() or not ascii_only) else REPLACEMENT
        for character in drawn
    )
